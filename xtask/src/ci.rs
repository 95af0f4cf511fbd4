//! `cargo xtask ci`: the steps that a change must pass, in order, and a table of their results.

use anyhow::Result;

use crate::background_build::BackgroundBuild;
use crate::report::Report;
use crate::suites::{self, Build, Selection};
use crate::workspace::Workspace;
use crate::{bench, codegen, demo, package, process, tidy, web};

/// Runs the steps; those after a broken build are skipped. Returns whether all passed.
pub(crate) fn run(workspace: &Workspace) -> bool {
    let mut report = Report::default();
    let mut release = None;
    let begin = || release = Some(BackgroundBuild::begin(workspace, RELEASE));
    match suites::steps(workspace, &Selection::for_ci(), &mut report, begin) {
        Build::Sound => checks(workspace, &mut report, release),
        Build::Broken => println!("\nThe build is broken: the steps after it are left out."),
    }
    report.close("ci");
    report.passed()
}

/// The features for attachments in cloud storage. They are off by default, because they add an HTTPS client.
const REMOTE_STORAGE: &str = "boardwire-store/s3,boardwire-store/gcs,boardwire-store/azure";

const RELEASE: &[&str] = &["build", "--release"];

fn checks(workspace: &Workspace, report: &mut Report, release: Option<BackgroundBuild>) {
    report.step("format", |_| cargo(workspace, &["fmt", "--all", "--check"]));
    report.step("clippy", |_| {
        let mut command = workspace.cargo(&["clippy", "--workspace", "--all-targets", "--features", REMOTE_STORAGE]);
        process::run(command.args(["--", "-D", "warnings"]))
    });
    report.step("tidy", |_| tidy::run(workspace));
    report.step("codegen", |_| codegen::run(workspace, true));
    report.step("web", |_| web::run(workspace, true));
    report.step("documentation", |_| {
        // The same features as in the clippy step, so that its metadata of other crates is reused.
        let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps", "--features", REMOTE_STORAGE]);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
    report.step("packages", |_| package::run(workspace));
    let build = || {
        release.into_iter().for_each(BackgroundBuild::finish);
        cargo(workspace, RELEASE)
    };
    if report.step("release build", |_| build()) {
        report.step("demo", |_| demo::run(workspace));
    }
    report.step("benchmark", |_| bench::run(workspace, true));
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    process::run(&mut workspace.cargo(arguments))
}
