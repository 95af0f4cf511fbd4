//! The boardwire program: it reads settings, puts the crates together, starts and drains. What happens on a board is
//! decided elsewhere.
#![expect(clippy::print_stdout, reason = "a program that prints its results")]

mod accounts;
mod cli;
mod config_file;
mod demo;
mod directory;
mod listener;
mod maintenance;
mod routes;
mod secret;
mod serve;
mod settings;
mod stream;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::anyhow!(error).context("can't start the runtime")),
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a program that could not do its work")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("boardwire: {error:#}");
    ExitCode::FAILURE
}
