//! The length of source files.

use std::path::Path;

use super::finding::Finding;
use super::repository::Repository;

/// Lines above which a file is reported as a warning.
const WARN_ABOVE: usize = 400;
/// Lines above which a file fails.
const FAIL_ABOVE: usize = 450;
/// The extensions of source files, generated ones included.
const SOURCE_EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "cjs", "py", "css", "sql"];
/// The folder of bundled scripts, which are not checked.
const BUNDLES: &str = "crates/web/dist/";

/// Returns findings for the long files.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let advice = "split it: one file for each concept";
    sizes(repository)
        .filter(|(_, lines)| *lines > WARN_ABOVE)
        .map(|(path, lines)| {
            if lines > FAIL_ABOVE {
                Finding::fail(path, format!("{lines} lines, more than {FAIL_ABOVE}"), advice)
            } else {
                Finding::warn(path, format!("{lines} lines, more than {WARN_ABOVE}"), advice)
            }
        })
        .collect()
}

/// Returns the median, the 90th percentile and the maximum as a sentence.
pub(super) fn summary(repository: &Repository) -> String {
    let mut lines: Vec<usize> = sizes(repository).map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    let (median, p90, longest) = (percentile(&lines, 50), percentile(&lines, 90), percentile(&lines, 100));
    format!("{} source files: median {median} lines, p90 {p90}, longest {longest}", lines.len())
}

fn sizes(repository: &Repository) -> impl Iterator<Item = (&str, usize)> {
    let sources = repository.texts().filter(|(path, _)| is_source(path) && !path.starts_with(BUNDLES));
    sources.map(|(path, text)| (path, text.lines().count()))
}

fn is_source(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| SOURCE_EXTENSIONS.iter().any(|source| extension == *source))
}

/// Returns the value at a percentile of a sorted list, by nearest rank.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn long_files_are_found_in_every_language() {
        let (fine, long, too_long) = ("x\n".repeat(400), "x\n".repeat(401), "x\n".repeat(451));
        let files = [
            ("a.rs", &*fine),
            ("b.rs", &long),
            ("c.rs", &too_long),
            ("crates/web/dist/d.js", &too_long),
            ("e.md", &too_long),
            ("f.ts", &too_long),
        ];
        let found: Vec<_> =
            check(&Repository::of(&files)).into_iter().map(|finding| (finding.location, finding.severity)).collect();
        let (warn, fail) = (Severity::Warn, Severity::Fail);
        assert_eq!(found, [("b.rs".to_owned(), warn), ("c.rs".to_owned(), fail), ("f.ts".to_owned(), fail)]);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sorted: Vec<usize> = (1..=10).collect();
        assert_eq!((percentile(&sorted, 50), percentile(&sorted, 90), percentile(&sorted, 100)), (5, 9, 10));
        assert_eq!(percentile(&[], 50), 0);
    }
}
