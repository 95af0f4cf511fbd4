//! `task:claim`, `task:renew`, `task:release`, `task:next`: payloads and results.

use crate::{AgentName, BoardId, ColumnId, Tags, Task, TaskId, Ttl};

payloads! {
    "camelCase":
    /// `task:claim`.
    #[cfg_attr(feature = "schema", schemars(extend("not" = {
        "required": ["taskId"],
        "properties": {"taskId": {"type": "string"}},
        "anyOf": [
            {"required": ["tags"], "properties": {"tags": {"type": "array", "items": {"type": "string"}}}},
            {"required": ["columnId"], "properties": {"columnId": {"type": "string"}}},
        ],
    })))]
    pub struct Claim {
        /// The board.
        pub board_id: BoardId,
        /// The task; absent: the next one. With it, neither `tags` nor `columnId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
        /// Labels, all of which the task must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Tags>,
        /// The column that the task must be in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
        /// How long the lease lasts unless it is renewed, in seconds: 1 to 3,600; absent: 300.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ttl: Option<Ttl>,
        /// The name of the agent that works on the task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agent: Option<AgentName>,
    }

    "camelCase":
    /// `task:renew`.
    pub struct Renew {
        /// The task.
        pub task_id: TaskId,
        /// The `fence` of the lease.
        pub fence: u64,
        /// How long the lease lasts from now on, in seconds: 1 to 3,600; absent: 300.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ttl: Option<Ttl>,
    }

    "camelCase":
    /// `task:release`.
    pub struct Release {
        /// The task.
        pub task_id: TaskId,
        /// The `fence` of the lease; absent: any, so that people can take the task away from an agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fence: Option<u64>,
    }

    "camelCase":
    /// `task:next`.
    pub struct Next {
        /// The board.
        pub board_id: BoardId,
        /// Labels, all of which the task must have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Tags>,
        /// The column that the task must be in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
    }
}

results! {
    /// The task that was chosen, and why it was.
    pub struct Chosen {
        /// The task; `null`: none can be claimed.
        pub task: Option<Task>,
        /// Why this task was chosen, or none.
        pub why: Choice,
    }

    /// How a task was chosen.
    pub struct Choice {
        /// The reasons for this task, or for none, a phrase each.
        pub reasons: Vec<String>,
        /// How many tasks can be claimed, this one included.
        pub candidates: u64,
        /// How many tasks can't be claimed, by the first reason against each.
        pub skipped: Skipped,
    }

    /// How many tasks that are not done can't be claimed, by reason.
    #[derive(Default)]
    pub struct Skipped {
        /// There is a lease on them.
        pub leased: u64,
        /// They are assigned to somebody else.
        pub assigned_to_others: u64,
        /// They depend on tasks that are not done, or have the status `blocked`.
        pub blocked: u64,
        /// They do not have all the wanted labels.
        pub tags: u64,
        /// They would have to move into a column that is full.
        pub wip_limit: u64,
    }
}
