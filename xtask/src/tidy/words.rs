//! Words that mark unfinished code or silence a check. They are concatenated from halves here, so that this file passes
//! its own rule.

use super::finding::Finding;
use super::repository::Repository;

/// The banned words, each with what to do instead.
const BANNED: &[(&str, &str)] = &[
    (concat!("todo", "!("), "write it, or leave it out and say so in the documentation"),
    (concat!("unimplemented", "!("), "write it, or leave it out and say so in the documentation"),
    (concat!("#[", "ignore"), "fix the test or delete it: a test that does not run guards nothing"),
    (concat!("#[", "allow("), "use #[expect(…, reason = \"…\")], which says why and ends when it is no longer needed"),
    (
        concat!("#![", "allow("),
        "use #![expect(…, reason = \"…\")], which says why and ends when it is no longer needed",
    ),
    (concat!("FIX", "ME"), "fix it now, or describe the limit where its reader will look"),
];

/// Findings for each line with a banned word, in code and in documents.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.texts() {
        for (number, line) in (1..).zip(text.lines()) {
            for (word, advice) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
                findings.push(Finding::fail(format!("{path}:{number}"), format!("`{word}`"), *advice));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_banned_word_is_found_in_code_and_documents() {
        for (word, _) in BANNED {
            let text = format!("//! Fine.\nlet x = {word}\n");
            let found = check(&Repository::of(&[("a.rs", &text), ("docs/b.md", &text), ("c.png", &text)]));
            let locations: Vec<&str> = found.iter().map(|finding| finding.location.as_str()).collect();
            assert_eq!(locations, ["a.rs:2", "docs/b.md:2"], "{word}");
        }
    }

    #[test]
    fn similar_words_are_allowed() {
        let text = "#[expect(dead_code, reason = \"…\")] // a todo list is not a macro; errors are ignored here";
        assert!(check(&Repository::of(&[("a.rs", text)])).is_empty());
    }
}
