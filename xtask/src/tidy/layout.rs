//! The layout of the repository: the entries in its root, the module comments of source files, and the names of files
//! and modules.

use std::collections::BTreeSet;
use std::path::Path;

use super::finding::Finding;
use super::repository::Repository;

/// Names that do not describe the contents.
const VAGUE_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc"];
/// The extensions of the files whose names are checked. Documents are exempt.
const CODE_EXTENSIONS: &[&str] = &["rs", "js", "mjs", "cjs", "ts", "tsx", "py"];

/// The entries that may be in the root: those that readers look for there, and those that tools find nowhere else.
const ROOT_ENTRIES: &[&str] = &[
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

/// Returns findings for unexpected entries in the root.
pub(super) fn root_entries(repository: &Repository) -> Vec<Finding> {
    let names: BTreeSet<&str> = repository.paths().filter_map(|path| path.split('/').next()).collect();
    let advice = "move it to where it belongs; what a tool looks for in the root is listed in xtask/src/tidy/layout.rs";
    let unexpected = names.into_iter().filter(|name| !ROOT_ENTRIES.contains(name));
    unexpected.map(|name| Finding::fail(name, "not expected in the repository's root", advice)).collect()
}

/// Returns findings for Rust files that do not begin with a module comment.
pub(super) fn module_comments(repository: &Repository) -> Vec<Finding> {
    let advice = "say in `//!` lines at the very top what the file is for, and what it leaves to others";
    repository
        .with_extension("rs")
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| Finding::fail(path, "does not begin with `//!`", advice))
        .collect()
}

/// Returns findings for files, folders and modules with vague names.
pub(super) fn vague_names(repository: &Repository) -> Vec<Finding> {
    let finding = |location: String, name: &str| {
        Finding::fail(location, format!("called `{name}`"), "name it after what it contains")
    };
    let mut findings = Vec::new();
    for path in repository.paths().filter(|path| is_code(path)) {
        let without_extension = Path::new(path).with_extension("");
        let parts = without_extension.iter().filter_map(|part| part.to_str());
        findings.extend(parts.filter(|part| VAGUE_NAMES.contains(part)).map(|part| finding(path.to_owned(), part)));
    }
    for (path, text) in repository.with_extension("rs") {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(name) = inline_module(line).filter(|name| VAGUE_NAMES.contains(name)) {
                findings.push(finding(format!("{path}:{number}"), name));
            }
        }
    }
    findings
}

fn is_code(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| CODE_EXTENSIONS.iter().any(|code| extension == *code))
}

/// Returns the name of the inline module that a line opens.
fn inline_module(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("mod ")?;
    let starts_item = before.trim().is_empty() || before.trim().starts_with("pub");
    let name = after.strip_suffix('{')?.trim();
    starts_item.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.location.as_str()).collect()
    }

    #[test]
    fn rust_files_begin_with_a_module_comment() {
        let files = [("a.rs", "//! What a is.\n"), ("b.rs", "use std::fs;\n"), ("c.md", "# C\n")];
        assert_eq!(locations(&module_comments(&Repository::of(&files))), ["b.rs"]);
    }

    #[test]
    fn unexpected_entries_in_the_root_are_found() {
        let files = [("Cargo.toml", ""), (".github/CONTRIBUTING.md", ""), ("notes.md", ""), ("scripts/x.sh", "")];
        assert_eq!(locations(&root_entries(&Repository::of(&files))), ["notes.md", "scripts"]);
    }

    #[test]
    fn vague_names_are_found() {
        let files = [
            ("crates/store/src/utils.rs", ""),
            ("tests/it/common/mod.rs", ""),
            ("tests/js/helpers.js", ""),
            ("docs/common.md", ""),
            ("crates/store/src/board.rs", "mod misc {\n}\npub(crate) mod rows {\n// mod utils {\n"),
        ];
        assert_eq!(
            locations(&vague_names(&Repository::of(&files))),
            [
                "crates/store/src/utils.rs",
                "tests/it/common/mod.rs",
                "tests/js/helpers.js",
                "crates/store/src/board.rs:1"
            ]
        );
    }
}
