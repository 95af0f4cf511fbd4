//! Which tests to run, and how.

use clap::ValueEnum;

/// The tests of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// `cargo nextest` over the workspace, and the documentation's examples
    Rust,
    /// `node --test` in tests/js, with the official client
    Js,
    /// `pytest` in tests/python
    Python,
}

impl Suite {
    /// Every suite, in the order in which they run.
    pub(crate) const ALL: [Self; 3] = [Self::Rust, Self::Js, Self::Python];
}

/// What was asked for on the command line.
pub(crate) struct Selection {
    /// The suites, in order.
    pub(crate) suites: Vec<Suite>,
    /// What nextest is told beyond the usual.
    pub(crate) nextest: Vec<String>,
    /// Whether the documentation's examples run too.
    pub(crate) documentation: bool,
    /// How often the kill tests kill, where it is not the usual.
    pub(crate) kill_rounds: Option<u32>,
}

impl Selection {
    /// One suite or all. Who tells nextest what to run wants that and not the documentation's examples.
    pub(crate) fn new(only: Option<Suite>, nextest: Vec<String>) -> Self {
        let suites = only.map_or_else(|| Suite::ALL.to_vec(), |suite| vec![suite]);
        Self { suites, documentation: nextest.is_empty(), nextest, kill_rounds: None }
    }

    /// The kill tests alone, with so many rounds on each database.
    pub(crate) fn kill(rounds: u32) -> Self {
        let nextest = ["--profile", "long", "--no-capture", "-E", "test(kill)"].map(str::to_owned);
        Self { kill_rounds: Some(rounds), ..Self::new(Some(Suite::Rust), nextest.to_vec()) }
    }

    /// Everything, with nextest's profile for CI.
    pub(crate) fn for_ci() -> Self {
        Self { documentation: true, ..Self::new(None, vec!["--profile".to_owned(), "ci".to_owned()]) }
    }
}
