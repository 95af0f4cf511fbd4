//! `cargo xtask ci`: what a change must pass, in order, and the table of how it went.

use anyhow::Result;

use crate::report::Report;
use crate::suites::{self, Build, Selection};
use crate::workspace::Workspace;
use crate::{bench, codegen, demo, process, tidy};

/// Runs every step; `false` when one has failed.
pub(crate) fn run(workspace: &Workspace) -> bool {
    let mut report = Report::default();
    match suites::steps(workspace, &Selection::for_ci(), &mut report) {
        Build::Sound => checks(workspace, &mut report),
        Build::Broken => println!("\nThe build is broken: the steps after it are left out."),
    }
    report.close("ci");
    report.passed()
}

fn checks(workspace: &Workspace, report: &mut Report) {
    report.step("format", |_| cargo(workspace, &["fmt", "--all", "--check"]));
    report.step("clippy", |_| {
        cargo(workspace, &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
    });
    report.step("tidy", |_| tidy::run(workspace));
    report.step("codegen", |_| codegen::run(workspace, true));
    report.step("documentation", |_| {
        let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
    if report.step("release build", |_| cargo(workspace, &["build", "--release"])) {
        report.step("demo", |_| demo::smoke(workspace));
    }
    report.step("benchmark", |_| bench::run(workspace, true));
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    process::run(&mut workspace.cargo(arguments))
}
