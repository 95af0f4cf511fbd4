//! A rule's finding about a file.

use std::fmt;

/// Whether a finding fails the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Warn,
    Fail,
}

/// A violation of a rule: where, what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A path from the root, followed by `:line` if a line is known.
    pub(super) location: String,
    pub(super) rule: String,
    pub(super) advice: String,
}

impl Finding {
    pub(super) fn fail(location: impl Into<String>, rule: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { severity: Severity::Fail, location: location.into(), rule: rule.into(), advice: advice.into() }
    }

    pub(super) fn warn(location: impl Into<String>, rule: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, ..Self::fail(location, rule, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warn => "warn",
            Severity::Fail => "FAIL",
        };
        write!(f, "{severity} {}: {}: {}", self.location, self.rule, self.advice)
    }
}
