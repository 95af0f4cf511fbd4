//! `task:dependency:*`: payloads and results.

use crate::{Dependency, DependencyType, TaskId};

payloads! {
    "camelCase":
    /// `task:dependency:add`.
    pub struct Add {
        /// The task that depends.
        pub task_id: TaskId,
        /// The task of the same board that it depends on.
        pub depends_on: TaskId,
        /// The type; absent: `blocks`, which means that `taskId` can't be claimed before `dependsOn` is done.
        #[serde(default, rename = "type")]
        pub kind: DependencyType,
    }

    "camelCase":
    /// `task:dependency:remove`.
    pub struct Remove {
        /// The task that depends.
        pub task_id: TaskId,
        /// The task of the same board that it depends on.
        pub depends_on: TaskId,
        /// The type; absent: `blocks`, which means that `taskId` can't be claimed before `dependsOn` is done.
        #[serde(default, rename = "type")]
        pub kind: DependencyType,
    }
}

results! {
    /// The dependency, as it is or was.
    pub struct DependencyResult {
        /// The dependency.
        pub dependency: Dependency,
    }
}
