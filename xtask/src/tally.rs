//! Counts passed and failed tests by the closing lines of the test runners.

use std::ops::AddAssign;

/// Tests that passed and failed. A test that timed out, or could not be started or collected, has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// A test runner, known by its closing lines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {
    /// `Summary [ 0.5s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped`
    Nextest,
    /// `test result: FAILED. 3 passed; 1 failed; 0 ignored; …`, once for each crate
    Libtest,
    /// `ℹ pass 10`, `ℹ fail 1`, `ℹ cancelled 0`, each on its line; `#` instead of `ℹ` in TAP
    Node,
    /// `== 1 failed, 9 passed, 2 warnings in 0.50s ==`, without the bars when quiet
    Pytest,
}

impl Runner {
    /// Returns what a line of the runner's output adds to the count: nothing unless it is a closing line.
    pub(crate) fn count(self, line: &str) -> Tally {
        let line = line.trim();
        match self {
            Self::Nextest => nextest(line),
            Self::Libtest => libtest(line),
            Self::Node => node(line),
            Self::Pytest => pytest(line),
        }
        .unwrap_or_default()
    }
}

fn nextest(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("Summary [")?.split_once(" run: ")?;
    let mut tally = Tally::default();
    for (count, word) in pairs(&without_parentheses(counts), ',') {
        match word.as_str() {
            "passed" => tally.passed += count,
            "skipped" => {}
            _ => tally.failed += count,
        }
    }
    Some(tally)
}

fn libtest(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    Some(tally_of(&["failed"], &pairs(counts, ';')))
}

fn node(line: &str) -> Option<Tally> {
    let mut words = line.strip_prefix('ℹ').or_else(|| line.strip_prefix('#'))?.split_whitespace();
    let (word, count) = (words.next()?, words.next()?.parse().ok()?);
    match (word, words.next()) {
        ("pass", None) => Some(Tally { passed: count, failed: 0 }),
        ("fail" | "cancelled", None) => Some(Tally { passed: 0, failed: count }),
        _ => None,
    }
}

fn pytest(line: &str) -> Option<Tally> {
    let (counts, time) = line.trim_matches('=').trim().rsplit_once(" in ")?;
    time.split_whitespace().next()?.strip_suffix('s')?.parse::<f64>().ok()?;
    Some(tally_of(&["failed", "error", "errors"], &pairs(counts, ',')))
}

/// Splits `3 passed, 1 failed` into numbers and words; parts that do not begin with a number are left out.
fn pairs(counts: &str, separator: char) -> Vec<(u64, String)> {
    let pair = |part: &str| {
        let (count, word) = part.trim().split_once(' ')?;
        Some((count.parse().ok()?, word.trim().to_owned()))
    };
    counts.split(separator).filter_map(pair).collect()
}

fn tally_of(failure_words: &[&str], pairs: &[(u64, String)]) -> Tally {
    let sum = |wanted: &[&str]| pairs.iter().filter(|(_, word)| wanted.contains(&word.as_str())).map(|(n, _)| n).sum();
    Tally { passed: sum(&["passed"]), failed: sum(failure_words) }
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runner: Runner, lines: &[&str], passed: u64, failed: u64) {
        let mut tally = Tally::default();
        for line in lines {
            tally += runner.count(line);
        }
        assert_eq!(tally, Tally { passed, failed }, "{runner:?}: {lines:?}");
    }

    #[test]
    fn closing_lines_of_nextest_are_counted() {
        check(Runner::Nextest, &["     Summary [   0.506s] 10 tests run: 10 passed, 0 skipped"], 10, 0);
        check(
            Runner::Nextest,
            &["     Summary [   1.5s] 4 tests run: 2 passed (1 slow, 1 leaky), 1 failed, 1 timed out, 3 skipped"],
            2,
            2,
        );
        check(Runner::Nextest, &["     Summary [   1.5s] 3/9 tests run: 2 passed, 1 exec failed, 6 skipped"], 2, 1);
        check(Runner::Nextest, &["        PASS [   0.1s] a crate: 3 passed", "  1 failed"], 0, 0);
    }

    #[test]
    fn closing_lines_of_libtest_are_counted() {
        check(
            Runner::Libtest,
            &[
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            ],
            4,
            2,
        );
    }

    #[test]
    fn closing_lines_of_node_are_counted() {
        check(Runner::Node, &["ℹ tests 12", "ℹ pass 10", "ℹ fail 1", "ℹ cancelled 1", "ℹ duration_ms 81.2"], 10, 2);
        check(Runner::Node, &["# pass 3", "# fail 0", "# pass 3 of the tests were quick"], 3, 0);
    }

    #[test]
    fn closing_lines_of_pytest_are_counted() {
        check(Runner::Pytest, &["===== 1 failed, 9 passed, 2 warnings, 1 error in 0.50s ====="], 9, 2);
        check(Runner::Pytest, &["3 passed in 75.10s (0:01:15)"], 3, 0);
        check(Runner::Pytest, &["===== no tests ran in 0.01s =====", "12 boards passed in review"], 0, 0);
    }
}
