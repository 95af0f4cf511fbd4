//! What the tests find around them.

use std::path::PathBuf;
use std::process::Command;

use crate::postgres::Postgres;
use crate::process::colours;
use crate::workspace::Workspace;

/// The program under test, and the database beside it.
pub(super) struct Surroundings {
    binary: PathBuf,
    postgres: Option<String>,
}

impl Surroundings {
    /// Without a Postgres of ours, the tests that need one start their own.
    pub(super) fn new(workspace: &Workspace, postgres: Option<&Postgres>) -> Self {
        Self { binary: workspace.binary(), postgres: postgres.map(Postgres::url) }
    }

    /// Tells a test runner about them.
    pub(super) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("BOARDWIRE_BIN", &self.binary);
        if let Some(url) = &self.postgres {
            command.env("BOARDWIRE_TEST_POSTGRES", url);
        }
        // The runners write into a pipe and would think that nobody sees colours.
        if colours() {
            command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
        }
        command
    }
}
