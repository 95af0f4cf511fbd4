//! The entries at the repository's top, the first line of source files, and the names of files and modules.

use std::collections::BTreeSet;
use std::path::Path;

use super::finding::Finding;
use super::repository::Repository;

/// Names that do not describe the contents.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc"];
/// The extensions of files whose names are checked; documents are not.
const CODE: &[&str] = &["rs", "js", "mjs", "cjs", "ts", "tsx", "py"];

/// The entries that may be at the top: those that readers look for there, and those that tools find nowhere else.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".config",
    ".deny.toml",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".prettierignore",
    ".prettierrc.json",
    ".rustfmt.toml",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crates",
    "docs",
    "rust-toolchain.toml",
    "tests",
    "xtask",
];

/// Findings for what is at the top and has no reason to be there.
pub(super) fn top(repository: &Repository) -> Vec<Finding> {
    let names: BTreeSet<&str> = repository.paths().filter_map(|path| path.split('/').next()).collect();
    let advice =
        "put it where it belongs; what a tool looks for at the top goes into the list in xtask/src/tidy/sources.rs";
    let strangers = names.into_iter().filter(|name| !TOP.contains(name));
    strangers.map(|name| Finding::fail(name, "at the top", advice)).collect()
}

/// Findings for Rust files that do not open with what they are for.
pub(super) fn headers(repository: &Repository) -> Vec<Finding> {
    let advice = "say in `//!` lines at the very top what the file is for, and what it leaves to others";
    repository
        .with_extension("rs")
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| Finding::fail(path, "does not open with `//!`", advice))
        .collect()
}

/// Findings for files, folders and modules whose names say nothing.
pub(super) fn names(repository: &Repository) -> Vec<Finding> {
    let finding = |place: String, name: &str| {
        Finding::fail(place, format!("called `{name}`"), "name it by the noun of the field that it is about")
    };
    let mut findings = Vec::new();
    for path in repository.paths().filter(|path| is_code(path)) {
        let without_extension = Path::new(path).with_extension("");
        let parts = without_extension.iter().filter_map(|part| part.to_str());
        findings.extend(parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| finding(path.to_owned(), part)));
    }
    for (path, text) in repository.with_extension("rs") {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(name) = inline_module(line).filter(|name| EMPTY_NAMES.contains(name)) {
                findings.push(finding(format!("{path}:{number}"), name));
            }
        }
    }
    findings
}

fn is_code(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| CODE.iter().any(|code| extension == *code))
}

/// Returns the name of the inline module that a line opens.
fn inline_module(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("mod ")?;
    let is_declaration = before.trim().is_empty() || before.trim().starts_with("pub");
    let name = after.strip_suffix('{')?.trim();
    is_declaration.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.place.as_str()).collect()
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        let files = [("a.rs", "//! What a is.\n"), ("b.rs", "use std::fs;\n"), ("c.md", "# C\n")];
        assert_eq!(places(&headers(&Repository::of(&files))), ["b.rs"]);
    }

    #[test]
    fn the_top_is_kept_clear() {
        let files = [("Cargo.toml", ""), (".github/CONTRIBUTING.md", ""), ("notes.md", ""), ("scripts/x.sh", "")];
        assert_eq!(places(&top(&Repository::of(&files))), ["notes.md", "scripts"]);
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        let files = [
            ("crates/store/src/utils.rs", ""),
            ("tests/it/common/mod.rs", ""),
            ("tests/js/helpers.js", ""),
            ("docs/common.md", ""),
            ("crates/store/src/board.rs", "mod misc {\n}\npub(crate) mod rows {\n// mod utils {\n"),
        ];
        assert_eq!(
            places(&names(&Repository::of(&files))),
            [
                "crates/store/src/utils.rs",
                "tests/it/common/mod.rs",
                "tests/js/helpers.js",
                "crates/store/src/board.rs:1"
            ]
        );
    }
}
