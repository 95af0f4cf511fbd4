//! The environment variables of the test runners: the program under test, the database, colours.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::postgres::Postgres;
use crate::process::allows_colours;
use crate::setup::node;
use crate::workspace::Workspace;

/// The values of the variables.
pub(super) struct TestEnvironment {
    binary: PathBuf,
    postgres: Option<String>,
    /// `PATH` with the Node.js that setup installed; `None` if the machine's own is used.
    path: Option<OsString>,
    /// The factor by which time limits are multiplied.
    patience: Option<f64>,
}

impl TestEnvironment {
    /// Collects the environment. With no `postgres`, the tests that need one start their own.
    pub(super) fn new(workspace: &Workspace, postgres: Option<&Postgres>) -> Self {
        let patience = env::var("BOARDWIRE_TEST_PATIENCE").ok().and_then(|factor| factor.parse().ok());
        Self {
            binary: workspace.binary(),
            postgres: postgres.map(Postgres::url),
            path: node::search_path(workspace),
            patience: patience.filter(|factor| (1.0..=1000.0).contains(factor)),
        }
    }

    /// Scales a suite's time limit by `BOARDWIRE_TEST_PATIENCE`, as the tests scale theirs.
    pub(super) fn scaled(&self, limit: Duration) -> Duration {
        self.patience.map_or(limit, |factor| limit.mul_f64(factor))
    }

    /// Sets the environment of a test runner.
    pub(super) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("BOARDWIRE_BIN", &self.binary);
        // A missing or different snapshot fails its test, and no file is written.
        command.env("INSTA_UPDATE", env::var_os("INSTA_UPDATE").unwrap_or_else(|| "no".into()));
        if let Some(url) = &self.postgres {
            command.env("BOARDWIRE_TEST_POSTGRES", url);
        }
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        // The runners write into a pipe and would switch colours off.
        if allows_colours() {
            command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
        }
        command
    }
}
