//! The boardwire program: it reads the settings, assembles the crates, starts and drains. It has no rules about boards
//! itself.

mod accounts;
mod api_keys;
mod bridge;
mod cli;
mod config_file;
mod connection_slots;
mod database;
mod demo;
mod directory;
mod files;
mod listener;
mod maintenance;
mod open_files;
mod output;
mod pace;
mod secret;
mod serve;
mod settings;
mod stream;
mod telemetry;
mod values;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// The system's allocator would keep the memory of password checks and bursts of clients, hundreds of MiB, for as long
/// as the process lives.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::anyhow!(error).context("can't start the runtime")),
    };
    let ended = runtime.block_on(cli::run(cli));
    // A read of standard input can't be interrupted, and exiting must not wait for its next line.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Prints the error that ended the program.
fn fail(error: &anyhow::Error) -> ExitCode {
    // If standard error can't be written, the exit code must suffice.
    let _ = writeln!(io::stderr(), "boardwire: {error:#}");
    ExitCode::FAILURE
}
