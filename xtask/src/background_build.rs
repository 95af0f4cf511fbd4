//! A build that runs in the background while the tests run, which mostly wait. It has the lowest priority, so that it
//! does not slow them down.

use std::process::{Child, Stdio};

use crate::process;
use crate::workspace::Workspace;

/// A running build. Dropping it ends it.
pub(crate) struct BackgroundBuild(Option<Child>);

impl BackgroundBuild {
    /// Starts `cargo` with these arguments. Its output and its failure are ignored: after [`BackgroundBuild::finish`]
    /// the caller runs the same build again, which is then quick and reports errors.
    pub(crate) fn begin(workspace: &Workspace, arguments: &[&str]) -> Self {
        let mut command = workspace.cargo_in_background(arguments);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok())
    }

    /// Waits for the build to end.
    pub(crate) fn finish(mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.wait();
        }
    }
}

impl Drop for BackgroundBuild {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            process::end(child);
        }
    }
}
