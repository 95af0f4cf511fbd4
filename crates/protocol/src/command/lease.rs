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
        /// Labels that the task must all have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tags: Option<Tags>,
        /// The column that the task must be in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub column_id: Option<ColumnId>,
        /// How long the lease lasts unless it is renewed, in seconds: 1 to 3,600; absent: 300.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ttl: Option<Ttl>,
        /// What the agent that works on it calls itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agent: Option<AgentName>,
    }

    "camelCase":
    /// `task:renew`.
    pub struct Renew {
        /// The task.
        pub task_id: TaskId,
        /// The lease.
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
        /// The lease; absent: whichever it has. So people take a task away from an agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fence: Option<u64>,
    }

    "camelCase":
    /// `task:next`.
    pub struct Next {
        /// The board.
        pub board_id: BoardId,
        /// Labels that the task must all have.
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
        /// The task; `null`: there is none to be had.
        pub task: Option<Task>,
        /// Why this one, or none.
        pub why: Choice,
    }

    /// How a task was chosen.
    pub struct Choice {
        /// What speaks for it, a sentence each.
        pub reasons: Vec<String>,
        /// How many tasks could be had, this one included.
        pub candidates: u64,
        /// How many could not, by what stood against them first.
        pub skipped: Skipped,
    }

    /// How many tasks that are not done could not be had.
    #[derive(Default)]
    pub struct Skipped {
        /// Somebody holds them.
        pub leased: u64,
        /// They are somebody else's.
        pub assigned_to_others: u64,
        /// They wait for others, or are marked as blocked.
        pub blocked: u64,
        /// They do not have the labels.
        pub tags: u64,
        /// They would have to move into a column that is full.
        pub wip_limit: u64,
    }
}
