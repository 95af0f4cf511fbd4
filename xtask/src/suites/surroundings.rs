//! What the tests find around them.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::postgres::Postgres;
use crate::process::colours;
use crate::setup::node;
use crate::workspace::Workspace;

/// The program under test, and the database beside it.
pub(super) struct Surroundings {
    binary: PathBuf,
    postgres: Option<String>,
    /// With a Node.js of our own, where setup had to take one.
    path: Option<OsString>,
    patience: Option<f64>,
}

impl Surroundings {
    /// Without a Postgres of ours, the tests that need one start their own.
    pub(super) fn new(workspace: &Workspace, postgres: Option<&Postgres>) -> Self {
        let patience = env::var("BOARDWIRE_TEST_PATIENCE").ok().and_then(|factor| factor.parse().ok());
        Self {
            binary: workspace.binary(),
            postgres: postgres.map(Postgres::url),
            path: node::search_path(workspace),
            patience: patience.filter(|factor| (1.0..=1000.0).contains(factor)),
        }
    }

    /// A limit for a whole suite, scaled by the setting with which the tests scale theirs. That it makes sense, they see to.
    pub(super) fn patient(&self, limit: Duration) -> Duration {
        self.patience.map_or(limit, |factor| limit.mul_f64(factor))
    }

    /// Tells a test runner about them.
    pub(super) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("BOARDWIRE_BIN", &self.binary);
        if let Some(url) = &self.postgres {
            command.env("BOARDWIRE_TEST_POSTGRES", url);
        }
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        // The runners write into a pipe and would think that nobody sees colours.
        if colours() {
            command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
        }
        command
    }
}
