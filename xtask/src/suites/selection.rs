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

/// The tests to run.
pub(crate) struct Selection {
    /// The suites, in the order in which they run.
    pub(crate) suites: Vec<Suite>,
    /// Additional arguments for nextest.
    pub(crate) nextest: Vec<String>,
    /// Whether the documentation tests run too.
    pub(crate) documentation: bool,
    /// Rounds of the kill tests on each database; `None` for their default.
    pub(crate) kill_rounds: Option<u32>,
}

impl Selection {
    /// Selects one suite, or all. With arguments for nextest, the documentation tests are left out.
    pub(crate) fn new(only: Option<Suite>, nextest: Vec<String>) -> Self {
        let suites = only.map_or_else(|| Suite::ALL.to_vec(), |suite| vec![suite]);
        Self { suites, documentation: nextest.is_empty(), nextest, kill_rounds: None }
    }

    /// Selects the kill tests alone, with this number of rounds on each database.
    pub(crate) fn kill(rounds: u32) -> Self {
        let nextest = ["--profile", "long", "--no-capture", "-E", "test(kill)"].map(str::to_owned);
        Self { kill_rounds: Some(rounds), ..Self::new(Some(Suite::Rust), nextest.to_vec()) }
    }

    /// Selects everything, with nextest's profile for CI.
    pub(crate) fn for_ci() -> Self {
        Self { documentation: true, ..Self::new(None, vec!["--profile".to_owned(), "ci".to_owned()]) }
    }
}
