//! A build that is begun while the tests run, which wait more than they compute. It has the lowest priority, so that they
//! don't feel it.

use std::process::{Child, Stdio};

use crate::process;
use crate::workspace::Workspace;

/// The build, ended when dropped.
pub(crate) struct BackgroundBuild(Option<Child>);

impl BackgroundBuild {
    /// Begins to build. Whoever needs the result builds again after [`BackgroundBuild::finish`], which then has little left to do, and
    /// says what was wrong.
    pub(crate) fn begin(workspace: &Workspace, arguments: &[&str]) -> Self {
        let mut command = workspace.cargo_at_leisure(arguments);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok())
    }

    /// Waits for its end.
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
