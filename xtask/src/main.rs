//! `cargo xtask …`: the project's own tasks, one module each. This file names them and leaves the work to the modules.
//!
//! To add a task, write a module with a `run` function, add a variant to [`Task`] with a sentence for `--help`, and
//! a line to [`dispatch`]. A task that CI should run also gets a step in [`ci`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod background_build;
mod bare;
mod bench;
mod churn;
mod ci;
mod codegen;
mod demo;
mod package;
mod postgres;
mod process;
mod report;
mod setup;
mod suites;
mod tally;
mod tidy;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::setup::Verbosity;
use crate::suites::{Selection, Suite};
use crate::workspace::Workspace;

/// The tasks of the Boardwire project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make this machine ready: programs, npm and Python packages for the tests.
    ///
    /// Quick when everything is there. On a Debian-like system, as root or with a sudo that asks no password, missing
    /// programs are installed; elsewhere they are named. Touches nothing but missing packages, the `node_modules` of the client
    /// and of the tests in JavaScript, and `target/xtask`.
    Setup,

    /// Run all tests: Rust (nextest and documentation), the official JavaScript client, the Python client.
    ///
    /// Does what `setup` does first, builds the server once and starts a throw-away Postgres of its own on a free
    /// port, which is gone when the task ends, however it ends. BOARDWIRE_TEST_PATIENCE=5 makes the tests wait five
    /// times as long for whatever they wait for, on a machine that is busy.
    Test {
        /// Run the tests of one language only.
        #[arg(long, value_enum)]
        only: Option<Suite>,
        /// Arguments for `cargo nextest run`, after `--`; with any, the documentation tests are left out.
        #[arg(last = true, value_name = "NEXTEST ARGUMENTS")]
        nextest: Vec<String>,
    },

    /// Kill the server amid writes again and again, on both databases: the long form of what `test` does.
    Kill {
        /// How often on each database.
        #[arg(long, default_value_t = 1000)]
        rounds: u32,
    },

    /// Run everything that a change must pass, in order, with a table at the end.
    ///
    /// Tests, formatting, clippy, `tidy`, `codegen --check`, documentation, `package`, the demo, a quick benchmark. A
    /// failing step does not keep the next from running, unless the build itself is broken.
    Ci,

    /// Write the generated files anew.
    Codegen {
        /// Fail when a file was stale. It is rewritten all the same, so that the change only needs a commit.
        #[arg(long)]
        check: bool,
    },

    /// Check what no compiler checks: layers, circles between files, sizes, names, and that documents name what there is.
    Tidy,

    /// Build the board in the browser into `crates/web/dist`.
    Web {
        /// Fail when what is there was not built from the sources as they are. It is rewritten all the same.
        #[arg(long)]
        check: bool,
    },

    /// Pack the crates that may be published, and run their examples from the packed archives.
    Package,

    /// Run the README's commands on a Debian 12 that has nothing but Rust and a C compiler.
    ///
    /// The system is made by debootstrap in `target/xtask/bare` and removed at the end; it gets this machine's Rust,
    /// read-only, a copy of the checkout, and the settings with which this machine reaches its sources of packages.
    /// Needs root. Takes long: everything is built anew, twice, and all tests run.
    Bare {
        /// A line for the shell to run there in place of the README's commands: 'cargo xtask setup'.
        line: Option<String>,
    },

    /// Measure the server's memory while 200 clients come and go, on both databases.
    Churn {
        /// For how long on each database. Ten minutes show what grows slowly, one shows that it works.
        #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
    },

    /// Measure the server.
    Bench {
        /// A short run that shows that the benchmark works, not how fast the server is.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one task; `false` when it has failed and said so.
fn dispatch(task: Task) -> Result<bool> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Setup => setup::run(&workspace, &Suite::ALL, Verbosity::Full).map(|()| true),
        Task::Test { only, nextest } => Ok(suites::run(&workspace, &Selection::new(only, nextest))),
        Task::Kill { rounds } => Ok(suites::run(&workspace, &Selection::kill(rounds))),
        Task::Ci => Ok(ci::run(&workspace)),
        Task::Codegen { check } => codegen::run(&workspace, check).map(|()| true),
        Task::Tidy => tidy::run(&workspace).map(|()| true),
        Task::Web { check } => web::run(&workspace, check).map(|()| true),
        Task::Package => package::run(&workspace).map(|()| true),
        Task::Bare { line } => bare::run(&workspace, line.as_deref()).map(|()| true),
        Task::Churn { seconds } => churn::run(&workspace, seconds).map(|()| true),
        Task::Bench { quick } => bench::run(&workspace, quick).map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn help_texts_match_their_snapshots() {
        let mut command = Arguments::command().term_width(100);
        command.build();
        insta::assert_snapshot!("xtask", command.render_long_help());
        for task in command.get_subcommands_mut().filter(|task| task.get_name() != "help") {
            let name = format!("xtask_{}", task.get_name());
            insta::assert_snapshot!(name, task.clone().term_width(100).render_long_help());
        }
    }
}
