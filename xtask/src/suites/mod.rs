//! `cargo xtask test`: all tests of the project, each language with its own runner, with one build of the server and
//! one Postgres.
//!
//! [`steps`] is also the first part of `cargo xtask ci`. A suite is configured by environment variables:
//! `BOARDWIRE_BIN`, the program; `BOARDWIRE_TEST_POSTGRES`, a database's URL with a superuser. On a busy machine
//! `BOARDWIRE_TEST_PATIENCE=5` makes every limit of every test five times as long.

mod javascript;
mod python;
mod rust;
mod selection;
mod test_environment;

pub(crate) use self::selection::{Selection, Suite};
use self::test_environment::TestEnvironment;
use crate::postgres::Postgres;
use crate::report::Report;
use crate::setup::{self, Verbosity};
use crate::workspace::Workspace;

/// Whether the build allows further steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The program and the tests compile; tests may have failed.
    Sound,
    /// Something does not compile, or the machine is not ready.
    Broken,
}

/// Runs the chosen tests with a summary; `false` when anything has failed.
pub(crate) fn run(workspace: &Workspace, selection: &Selection) -> bool {
    let mut report = Report::default();
    if steps(workspace, selection, &mut report, || ()) == Build::Broken {
        println!("\nThe build is broken: the steps after it are left out.");
    }
    report.close("test");
    report.passed()
}

/// Adds the steps of the chosen tests to a report. Calls `built` once the program is built, before the tests begin.
pub(crate) fn steps(workspace: &Workspace, selection: &Selection, report: &mut Report, built: impl FnOnce()) -> Build {
    if !report.step("setup", |_| setup::run(workspace, &selection.suites, Verbosity::Quiet)) {
        return Build::Broken;
    }
    if !report.step("build", |_| rust::build(workspace)) {
        return Build::Broken;
    }
    built();
    let mut postgres = None;
    report.step("postgres", |_| {
        let server = Postgres::start()?;
        println!("  {}", server.url());
        postgres = Some(server);
        Ok(())
    });
    let test_environment = TestEnvironment::new(workspace, postgres.as_ref());
    let mut build = Build::Sound;
    for suite in &selection.suites {
        match suite {
            Suite::Rust => build = rust::steps(workspace, &test_environment, selection, report),
            Suite::Js => {
                report.step("javascript tests", |tally| javascript::run(workspace, &test_environment, tally));
            }
            Suite::Python => {
                report.step("python tests", |tally| python::run(workspace, &test_environment, tally));
            }
        }
        if build == Build::Broken {
            break;
        }
    }
    build
}
