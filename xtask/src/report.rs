//! The steps of a task: each announced, timed and, at the end, in one table.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::tally::Tally;

/// The steps that have been run so far, with their results.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
    tally: Tally,
}

struct Step {
    name: &'static str,
    took: Duration,
    passed: bool,
    note: String,
}

impl Report {
    /// Runs a step and records its result. An error is printed and does not stop the task. Returns whether the step
    /// passed.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result<()>) -> bool {
        println!("\n▸ {name}");
        let started = Instant::now();
        let mut tally = Tally::default();
        let result = work(&mut tally);
        let took = started.elapsed();
        let passed = result.is_ok() && tally.failed == 0;
        if let Err(error) = result {
            println!("✗ {name}: {error:#}");
        } else {
            println!("{} {name} ({})", mark(passed), seconds(took));
        }
        self.tally += tally;
        self.steps.push(Step { name, took, passed, note: note(tally) });
        passed
    }

    /// Returns whether every step has passed.
    pub(crate) fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.passed)
    }

    /// Prints the table of steps and, as the last line, the number of tests.
    pub(crate) fn close(&self, task: &str) {
        println!("\n{}", self.table());
        println!("{}", self.closing_line(task));
    }

    fn table(&self) -> String {
        let width = self.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
        let total: Duration = self.steps.iter().map(|step| step.took).sum();
        let mut lines: Vec<String> = self
            .steps
            .iter()
            .map(|step| {
                let line =
                    format!("  {} {:width$} {:>9}  {}", mark(step.passed), step.name, seconds(step.took), step.note);
                line.trim_end().to_owned()
            })
            .collect();
        lines.push(format!("    {:width$} {:>9}", "", seconds(total)));
        lines.join("\n")
    }

    fn closing_line(&self, task: &str) -> String {
        format!("{task}: {} passed, {} failed", self.tally.passed, self.tally.failed)
    }
}

fn mark(passed: bool) -> char {
    if passed { '✓' } else { '✗' }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn note(tally: Tally) -> String {
    match tally {
        Tally { passed: 0, failed: 0 } => String::new(),
        Tally { passed: 1, failed: 0 } => "1 test".to_owned(),
        Tally { passed, failed: 0 } => format!("{passed} tests"),
        Tally { passed, failed } => format!("{failed} of {} tests failed", passed + failed),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_step_fails_the_report_and_the_next_still_runs() {
        let mut report = Report::default();
        report.step("tidy", |_| bail!("one finding"));
        report.step("tests", |tally| {
            *tally = Tally { passed: 7, failed: 0 };
            Ok(())
        });
        assert!(!report.passed());
        assert_eq!(report.closing_line("ci"), "ci: 7 passed, 0 failed");
        let table = report.table();
        assert!(table.contains("✗ tidy"), "{table}");
        assert!(table.contains("✓ tests") && table.contains("7 tests"), "{table}");
    }

    #[test]
    fn failed_tests_fail_their_step() {
        let mut report = Report::default();
        report.step("tests", |tally| {
            *tally = Tally { passed: 1, failed: 1 };
            Ok(())
        });
        assert!(!report.passed());
    }
}
