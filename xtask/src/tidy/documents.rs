//! The documents that each crate must have, and the links in documents.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::markdown::{Page, without_spans};
use super::repository::Repository;

/// Returns findings for crates without a README, or, if the repository has such pages, without a page in docs/modules.
pub(super) fn missing_pages(repository: &Repository) -> Vec<Finding> {
    let crates: BTreeSet<&str> = repository
        .paths()
        .filter_map(|path| path.strip_prefix("crates/")?.split_once('/'))
        .map(|(name, _)| name)
        .collect();
    let has_pages = repository.paths().any(|path| path.starts_with("docs/modules/") && path.ends_with(".md"));
    let mut findings = Vec::new();
    for name in crates {
        let readme = format!("crates/{name}/README.md");
        if !repository.exists(&readme) {
            findings.push(Finding::fail(readme, "missing", "say what the crate is for, with an example that runs"));
        }
        let page = format!("docs/modules/{name}.md");
        if has_pages && !repository.exists(&page) {
            findings.push(Finding::fail(page, "missing", "say how the crate works inside, as the other pages do"));
        }
    }
    findings
}

/// Returns findings for relative links in Markdown whose target does not exist.
pub(super) fn broken_links(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.with_extension("md") {
        for (number, target) in targets(text) {
            if !target_exists(repository, path, &target) {
                let advice = "no such file in the repository: fix the link or remove it";
                findings.push(Finding::fail(format!("{path}:{number}"), format!("links to `{target}`"), advice));
            }
        }
    }
    findings
}

/// Returns the line number and target of each link and image outside code.
fn targets(text: &str) -> impl Iterator<Item = (usize, String)> {
    let prose = Page::of(text).prose.into_iter();
    prose.flat_map(|(number, line)| targets_of_line(line).into_iter().map(move |target| (number, target)))
}

fn targets_of_line(line: &str) -> Vec<String> {
    let prose = without_spans(line);
    let inline = prose.split("](").skip(1).filter_map(|rest| first_word(rest.split(')').next()?));
    let reference = prose.trim_start().strip_prefix('[').and_then(|rest| first_word(rest.split_once("]: ")?.1));
    inline.chain(reference).map(str::to_owned).collect()
}

/// Returns a link's target without its title.
fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next().map(|word| word.trim_start_matches('<').trim_end_matches('>'))
}

/// Returns whether a link's target exists. URLs and anchors on the same page are not checked.
fn target_exists(repository: &Repository, from: &str, target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let is_url = target.split(['/', '#', '?']).next().is_some_and(|first| first.contains(':'));
    path.is_empty() || is_url || resolve(from, path).is_some_and(|path| repository.exists(&path))
}

/// Resolves a link to a path from the root; `None` when it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.location.as_str()).collect()
    }

    #[test]
    fn missing_pages_are_found() {
        let alone = [("crates/auth/src/lib.rs", ""), ("crates/store/README.md", "")];
        assert_eq!(locations(&missing_pages(&Repository::of(&alone))), ["crates/auth/README.md"]);
        let with_pages = [("crates/auth/README.md", ""), ("crates/store/README.md", ""), ("docs/modules/auth.md", "")];
        assert_eq!(locations(&missing_pages(&Repository::of(&with_pages))), ["docs/modules/store.md"]);
    }

    #[test]
    fn broken_links_are_found() {
        let page = "\
[a](../README.md) ![b](picture.png \"A title\") [c](https://example.org/x) [d](#below) [e](/docs/api#top)
[gone](missing.md) and [out](../../elsewhere.md)
`[code](nowhere.md)` and a lone ` before [also gone](lost.md)
```
[fenced](nowhere.md)
```
[reference]: ./lost.md
[mail](mailto:someone@example.org) [folder](api/) [root](..)
";
        let files = [("README.md", ""), ("docs/page.md", page), ("docs/picture.png", ""), ("docs/api/x.md", "")];
        let found = broken_links(&Repository::of(&files));
        assert_eq!(locations(&found), ["docs/page.md:2", "docs/page.md:2", "docs/page.md:3", "docs/page.md:7"]);
    }
}
