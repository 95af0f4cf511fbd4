//! How long the source files are, without the tests inside them.

use super::finding::Finding;
use super::repository::Repository;

/// Above this a file is worth a look.
const LONG: usize = 400;
/// Above this a file has to be split.
const TOO_LONG: usize = 600;

/// Findings for the long files.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let advice = "split it along its nouns: one file for each thing it knows";
    sizes(repository)
        .filter(|(_, lines)| *lines > LONG)
        .map(|(path, lines)| {
            if lines > TOO_LONG {
                Finding::fail(path, format!("{lines} lines, more than {TOO_LONG}"), advice)
            } else {
                Finding::warn(path, format!("{lines} lines, more than {LONG}"), advice)
            }
        })
        .collect()
}

/// The median, the 90th percentile and the longest, in a sentence.
pub(super) fn summary(repository: &Repository) -> String {
    let mut lines: Vec<usize> = sizes(repository).map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    let (median, p90, longest) = (at(&lines, 50), at(&lines, 90), at(&lines, 100));
    format!("{} source files without inline tests: median {median} lines, p90 {p90}, longest {longest}", lines.len())
}

fn sizes(repository: &Repository) -> impl Iterator<Item = (&str, usize)> {
    repository.with_extension("rs").map(|(path, text)| (path, lines_without_tests(text)))
}

/// Inline tests come last in a file, so everything from their attribute on is left out.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let opens = |at: usize| {
        let after = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
        lines[at] == "#[cfg(test)]" && after.is_some_and(|line| line.starts_with("mod tests"))
    };
    (0..lines.len()).find(|at| opens(*at)).unwrap_or(lines.len())
}

/// The value at a percentile of a sorted list, by nearest rank.
fn at(sorted: &[usize], percentile: usize) -> usize {
    let rank = (sorted.len() * percentile).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn inline_tests_do_not_count() {
        let text = "//! A file.\nfn f() {}\n\n#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests {\n}\n";
        assert_eq!(lines_without_tests(text), 3);
        assert_eq!(lines_without_tests("#[cfg(test)]\nuse a::B;\nfn f() {}\n"), 3);
    }

    #[test]
    fn long_files_are_found() {
        let (fine, long, too_long) = ("x\n".repeat(400), "x\n".repeat(401), "x\n".repeat(601));
        let repository = Repository::of(&[("a.rs", &fine), ("b.rs", &long), ("c.rs", &too_long)]);
        let found: Vec<_> = check(&repository).into_iter().map(|finding| (finding.place, finding.severity)).collect();
        assert_eq!(found, [("b.rs".to_owned(), Severity::Warn), ("c.rs".to_owned(), Severity::Fail)]);
    }

    #[test]
    fn percentiles() {
        let sorted: Vec<usize> = (1..=10).collect();
        assert_eq!((at(&sorted, 50), at(&sorted, 90), at(&sorted, 100)), (5, 9, 10));
        assert_eq!(at(&[], 50), 0);
    }
}
