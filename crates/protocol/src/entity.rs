//! Boards and everything on them, as clients see them. Fields are in snake_case and always present; empty ones are
//! `null`.

use serde::{Deserialize, Serialize};

use crate::{AttachmentId, BoardId, ColumnId, CommentId, NotificationId, TaskId, TeamId, Timestamp, UserId};

macro_rules! entities {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $item
    )*};
}

entities! {
    /// A board: columns of tasks that its members share.
    pub struct Board {
        /// Its id.
        pub id: BoardId,
        /// Its name, 1–500 characters.
        pub name: String,
        /// A description, at most 20,000 characters.
        pub description: String,
        /// A colour as the client wrote it.
        pub color: Option<String>,
        /// The team it belongs to.
        pub team_id: Option<TeamId>,
        /// An archived board can only be read and restored, and members can be removed.
        pub archived: bool,
        /// Rises by one with each change of the board's own fields.
        pub version: u64,
        /// Who made it.
        pub created_by: UserId,
        /// When it was made.
        pub created_at: Timestamp,
        /// When its own fields last changed.
        pub updated_at: Timestamp,
    }

    /// A board in a list of boards.
    pub struct ListedBoard {
        /// The board.
        #[serde(flatten)]
        pub board: Board,
        /// When anything on it last changed: the time of the latest event in its log.
        pub changed_at: Timestamp,
    }

    /// A column of a board.
    pub struct Column {
        /// Its id.
        pub id: ColumnId,
        /// The board it is on.
        pub board_id: BoardId,
        /// Its name, 1–500 characters.
        pub name: String,
        /// Its position among the board's columns: they are sorted by it as text.
        pub position: String,
        /// The status that a task gets when it enters the column.
        pub status: Option<Status>,
        /// How many tasks it may hold.
        pub wip_limit: Option<u32>,
        /// Rises by one with each change.
        pub version: u64,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    /// A card on a board.
    pub struct Task {
        /// Its id.
        pub id: TaskId,
        /// The board it is on.
        pub board_id: BoardId,
        /// The column it is in.
        pub column_id: ColumnId,
        /// A title, 1–500 characters.
        pub title: String,
        /// A description, at most 20,000 characters.
        pub description: String,
        /// Its status.
        pub status: Status,
        /// Its position in the column: tasks are sorted by it as text.
        pub position: String,
        /// How urgent it is: 0 to 10.
        pub priority: u8,
        /// Who works on it.
        pub assignee: Option<UserId>,
        /// When it is due: a date or an instant, as the client wrote it.
        pub due_date: Option<String>,
        /// Its labels.
        pub tags: Vec<String>,
        /// Rises by one with each change.
        pub version: u64,
        /// Who made it.
        pub created_by: UserId,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// When its status became `done`; `null` while it is not.
        pub completed_at: Option<Timestamp>,
        /// The lease on it; `null`: there is none.
        pub lease: Option<Lease>,
    }

    /// A user's claim to work on a task alone, until a certain time.
    pub struct Lease {
        /// Who claimed the task.
        pub holder: UserId,
        /// The name of the agent that works on the task for the holder, at most 100 characters.
        pub agent: Option<String>,
        /// The number of the claim: each claim of a task has a higher one than all before it.
        pub fence: u64,
        /// When the task was claimed.
        pub acquired_at: Timestamp,
        /// When it expires. From then on it has no effect, even while it is still shown.
        pub expires_at: Timestamp,
    }

    /// A comment on a task.
    pub struct Comment {
        /// Its id.
        pub id: CommentId,
        /// The task it is on.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
        /// Who wrote it.
        pub author: UserId,
        /// The text, at most 20,000 characters.
        pub body: String,
        /// Who is mentioned in it.
        pub mentions: Vec<UserId>,
        /// When it was written.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
    }

    /// A file on a task.
    pub struct Attachment {
        /// Its id.
        pub id: AttachmentId,
        /// The task it is on.
        pub task_id: TaskId,
        /// The task's board.
        pub board_id: BoardId,
        /// The name it was uploaded under.
        pub filename: String,
        /// Its media type as uploaded.
        pub content_type: String,
        /// Its size in bytes.
        pub size: u64,
        /// The SHA-256 of its bytes, in hexadecimal.
        pub sha256: String,
        /// Who uploaded it.
        pub uploaded_by: UserId,
        /// When it was uploaded.
        pub created_at: Timestamp,
    }

    /// A dependency of one task on another.
    pub struct Dependency {
        /// The task that depends.
        pub task_id: TaskId,
        /// The task it depends on.
        pub depends_on: TaskId,
        /// The type of the dependency.
        #[serde(rename = "type")]
        pub kind: DependencyType,
        /// Who added it.
        pub created_by: UserId,
        /// When it was added.
        pub created_at: Timestamp,
    }

    /// A member of a board.
    pub struct Member {
        /// The board.
        pub board_id: BoardId,
        /// The user.
        pub user_id: UserId,
        /// The user's name.
        pub name: String,
        /// Whether the user is an agent: a program that works in its own name.
        pub agent: bool,
        /// What the user may do there.
        pub role: Role,
    }

    /// A message to a user about something that happened.
    pub struct Notification {
        /// Its id.
        pub id: NotificationId,
        /// What it is about.
        pub kind: NotificationKind,
        /// The user who gets it.
        pub user_id: UserId,
        /// The board it concerns.
        pub board_id: Option<BoardId>,
        /// The task it concerns.
        pub task_id: Option<TaskId>,
        /// Who caused it.
        pub actor: Option<UserId>,
        /// A sentence for people.
        pub text: String,
        /// When it was read.
        pub read_at: Option<Timestamp>,
        /// When it was made.
        pub created_at: Timestamp,
    }

    /// A user who is present on a board.
    #[serde(rename_all = "camelCase")]
    pub struct Viewer {
        /// The user.
        pub user_id: UserId,
        /// The user's name.
        pub name: String,
        /// Whether the user is online or away.
        pub status: ViewerStatus,
        /// The task that the user has open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task_id: Option<TaskId>,
        /// Since when the user has been present.
        pub since: Timestamp,
    }

    /// The status of a task.
    #[derive(Copy)]
    #[serde(rename_all = "snake_case")]
    pub enum Status {
        /// Not begun.
        Todo,
        /// Being worked on.
        InProgress,
        /// Waits for something.
        Blocked,
        /// Finished.
        Done,
    }

    /// What a member may do on a board. A higher role may do all that a lower one may.
    #[derive(Copy, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum Role {
        /// May read.
        Viewer,
        /// May also change the board's own fields, its columns and its tasks.
        Member,
        /// May also archive and restore the board, set its team, and manage its members.
        Owner,
    }

    /// The type of a dependency.
    #[derive(Copy, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum DependencyType {
        /// The task can't be claimed before the other one is done.
        #[default]
        Blocks,
        /// The tasks are related.
        RelatesTo,
        /// The task is a duplicate of the other one.
        Duplicates,
    }

    /// What a notification is about.
    #[derive(Copy)]
    #[serde(rename_all = "snake_case")]
    pub enum NotificationKind {
        /// A task that is or was assigned to the user.
        Task,
        /// The user was mentioned.
        Mention,
        /// A message of the operator.
        System,
    }

    /// Whether a user is online or away.
    #[derive(Copy, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum ViewerStatus {
        /// Active.
        #[default]
        Online,
        /// Connected but not active.
        Away,
    }
}

impl Task {
    /// Returns a new task with default values: version 1, status `todo`, and no optional field set.
    #[must_use]
    pub fn blank(id: TaskId, column: (BoardId, ColumnId), created_by: UserId, now: Timestamp) -> Self {
        let (board_id, column_id) = column;
        Self {
            id,
            board_id,
            column_id,
            title: String::new(),
            description: String::new(),
            status: Status::Todo,
            position: String::new(),
            priority: 0,
            assignee: None,
            due_date: None,
            tags: Vec::new(),
            version: 1,
            created_by,
            created_at: now,
            updated_at: now,
            completed_at: None,
            lease: None,
        }
    }
}

macro_rules! names {
    ($($kind:ident { $($variant:ident => $name:literal),* $(,)? })*) => {$(
        impl $kind {
            /// Returns the name on the wire and in storage.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Returns the value with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

names! {
    Status { Todo => "todo", InProgress => "in_progress", Blocked => "blocked", Done => "done" }
    Role { Viewer => "viewer", Member => "member", Owner => "owner" }
    DependencyType { Blocks => "blocks", RelatesTo => "relates_to", Duplicates => "duplicates" }
    NotificationKind { Task => "task", Mention => "mention", System => "system" }
    ViewerStatus { Online => "online", Away => "away" }
}
