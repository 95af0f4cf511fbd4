//! The storage that services need, as traits: reading, the board's log, and one unit of work for each command. The
//! `store` crate implements them on SQLite and Postgres; nothing here knows a statement.
//!
//! Look-ups return `Option`: whether absence is an error is decided by the caller.

use std::{collections::BTreeMap, error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use boardwire_protocol::{
    Attachment, AttachmentId, Board, BoardId, Column, ColumnId, Comment, CommentId, Dependency, DependencyType, Epoch,
    EventKind, ListedBoard, Notification, NotificationId, RequestId, Role, Seq, Task, TaskId, TeamId, Timestamp,
    UserId, board::Snapshot, task::Detail,
};
use serde_json::value::RawValue;

mod accounts;
mod files;
mod listing;
mod outlook;

pub use accounts::{AccountChange, Accounts, ApiKey, SaveUser, Session, UserAccess};
pub use files::{Files, Held, NewFile, Pieces, Room};
pub use listing::{Match, WantedBoard, WantedMatches, WantedTasks};
pub use outlook::{Outlook, Overdue, Prospect};

use crate::{Applied, Fault, Origin};

/// Storage can't answer.
#[derive(Debug)]
pub enum StorageError {
    /// It is down, busy, full or read-only: the same call may go through later.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// It answered something that can't be: a fault of the program or of the data.
    Broken(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(error) => write!(f, "storage is unavailable: {error}"),
            Self::Broken(error) => write!(f, "storage answered what can't be: {error}"),
        }
    }
}

impl Error for StorageError {}

/// The result of a storage call.
pub type Stored<T> = Result<T, StorageError>;

/// For each field, the version of the entity at which it last changed. A field that is absent never changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FieldVersions(pub BTreeMap<String, u64>);

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// Whether it is an agent.
    pub agent: bool,
    /// What the user may do at most: `read`, `write`, `admin`.
    pub permissions: Vec<String>,
    /// The user's teams.
    pub teams: Vec<TeamId>,
    /// When the user was made.
    pub created_at: Timestamp,
}

/// A board as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardState {
    /// What clients see.
    pub board: Board,
    /// Which fields changed when.
    pub changed: FieldVersions,
    /// The number of the last event.
    pub seq: Seq,
    /// The time of the last event.
    pub changed_at: Timestamp,
    /// The life of the log.
    pub epoch: Epoch,
}

/// A column as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnState {
    /// What clients see.
    pub column: Column,
    /// Which fields changed when.
    pub changed: FieldVersions,
}

/// A task as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// What clients see.
    pub task: Task,
    /// Which fields changed when.
    pub changed: FieldVersions,
    /// The highest fence that a lease of this task has had; 0: it has never been claimed.
    pub fence: u64,
    /// Did the claim that made the lease also assign the task to its holder?
    pub assigned_by_claim: bool,
}

/// One durable event in a board's log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The board.
    pub board_id: BoardId,
    /// Its number: 1, 2, 3, … for each board.
    pub seq: Seq,
    /// Which event.
    pub kind: EventKind,
    /// The task that it concerns.
    pub task_id: Option<TaskId>,
    /// The user that it is about: who became a member or ceased to be one.
    pub subject: Option<UserId>,
    /// Who caused it.
    pub actor: Option<UserId>,
    /// The connection that caused it: it gets the reply, and not the event.
    pub origin: Option<Origin>,
    /// When it was committed.
    pub at: Timestamp,
    /// The envelope, encoded once: these bytes are kept, and these bytes travel.
    pub envelope: Box<RawValue>,
}

/// Where a board's log stands, and who may read the board at that point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event.
    pub seq: Seq,
    /// The number of the oldest event still in the log; `seq + 1` when the log is empty.
    pub oldest: Seq,
    /// The life of the log.
    pub epoch: Epoch,
    /// The members at `seq`.
    pub members: Vec<UserId>,
}

/// The boards' logs, as the hub reads them.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Where the log of a board stands; `None`: there is no such board. One consistent moment.
    async fn head(&self, board: &BoardId) -> Stored<Option<Head>>;

    /// The events after `after`, in order, at most `limit` of them.
    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> Stored<Vec<Arc<LogEntry>>>;
}

/// Reading outside a unit of work. Each call sees one consistent moment.
#[async_trait]
pub trait Reader: Send + Sync + 'static {
    /// A user.
    async fn user(&self, id: &UserId) -> Stored<Option<User>>;

    /// A board, or a part of it: columns by position, members by name and id, tasks by id, each with what it depends on.
    async fn snapshot(&self, wanted: &WantedBoard) -> Stored<Option<Snapshot>>;

    /// A task.
    async fn task(&self, id: &TaskId) -> Stored<Option<Task>>;

    /// The board that a task is on.
    async fn board_of_task(&self, id: &TaskId) -> Stored<Option<BoardId>>;

    /// A task with its comments and attachments, oldest first, and its dependencies.
    async fn detail(&self, id: &TaskId) -> Stored<Option<Detail>>;

    /// What choosing a task on a board needs to know; `None`: there is no such board.
    async fn outlook(&self, board: &BoardId) -> Stored<Option<Outlook>>;

    /// The leases that ended by `now`, oldest first, behind `after`, at most `limit` of them; including leases whose text can't be read.
    async fn overdue_leases(&self, now: Timestamp, after: Option<&Overdue>, limit: u32) -> Stored<Vec<Overdue>>;

    /// Tasks by id.
    async fn tasks(&self, wanted: &WantedTasks) -> Stored<Vec<Task>>;

    /// Texts in which all of these words are, best first. Where there are very many, the newest of the boards on which
    /// something happened last.
    async fn matches(&self, wanted: &WantedMatches) -> Stored<Vec<Match>>;

    /// An attachment.
    async fn attachment(&self, id: &AttachmentId) -> Stored<Option<Attachment>>;

    /// How many attachments a task has.
    async fn count_attachments(&self, task: &TaskId) -> Stored<u64>;

    /// What the files of attachments hold: those of this user, and all. They count until they are removed, also when the
    /// attachment is gone.
    async fn held(&self, user: &UserId) -> Stored<Held>;

    /// Which of these attachments there are, by id.
    async fn known_attachments(&self, ids: &[AttachmentId]) -> Stored<Vec<AttachmentId>>;

    /// Files whose attachments are gone, at most `limit` of them.
    async fn leftovers(&self, limit: u32) -> Stored<Vec<AttachmentId>>;

    /// A user's notifications, newest first, and how many are unread in all. `everywhere`: also those of boards of which
    /// the user is no member.
    async fn notifications(&self, wanted: &WantedNotifications) -> Stored<(Vec<Notification>, u64)>;

    /// The boards that the user's teams should change something at: the user is to become a member, or to cease to be
    /// one.
    async fn team_boards(&self, user: &UserId) -> Stored<Vec<BoardId>>;

    /// A user's role on a board.
    async fn role(&self, board: &BoardId, user: &UserId) -> Stored<Option<Role>>;

    /// One board.
    async fn board(&self, id: &BoardId) -> Stored<Option<Board>>;

    /// The boards of which the user is a member, or all boards, by name and id.
    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> Stored<Vec<ListedBoard>>;

    /// Is storage there? For readiness.
    async fn ping(&self) -> Stored<()>;

    /// The room on the file system that the database is on; `None`: it is not on this machine's.
    async fn room(&self) -> Stored<Option<Room>>;
}

/// Which notifications are wanted.
#[derive(Debug, Clone)]
pub struct WantedNotifications {
    /// Whose.
    pub user: UserId,
    /// Also those of boards of which the user is no member.
    pub everywhere: bool,
    /// Only those that have not been read.
    pub unread_only: bool,
    /// Only those older than this one.
    pub before: Option<NotificationId>,
    /// At most this many.
    pub limit: u32,
}

/// How somebody is a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The role.
    pub role: Role,
    /// The team through which; `None`: by name.
    pub team: Option<TeamId>,
}

/// What a request id was used for.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The hash of the request: lower-case hexadecimal.
    pub hash: String,
    /// The reply, as `Applied` encodes it.
    pub reply: String,
}

/// One unit of work: all of it is kept, or none. Inserts return `false` when the id is taken, updates and deletes of a
/// row that is not there are [`StorageError::Broken`] unless said otherwise.
#[async_trait]
pub trait Transaction: Send {
    /// A user.
    async fn user(&mut self, id: &UserId) -> Stored<Option<User>>;

    /// A board, locked: no other unit of work gets this far with it until this one ends.
    async fn lock_board(&mut self, id: &BoardId) -> Stored<Option<BoardState>>;
    /// A new board.
    async fn insert_board(&mut self, state: &BoardState) -> Stored<bool>;
    /// Writes a board back, the number and time of its last event included.
    async fn save_board(&mut self, state: &BoardState) -> Stored<()>;
    /// Writes back the number and time of a board's last event alone.
    async fn save_seq(&mut self, id: &BoardId, seq: Seq, at: Timestamp) -> Stored<()>;

    /// A user's role on a board.
    async fn role(&mut self, board: &BoardId, user: &UserId) -> Stored<Option<Role>>;
    /// What lets these users read a board; nothing of those that there are not.
    async fn access_of(&mut self, board: &BoardId, users: &[UserId]) -> Stored<Vec<UserAccess>>;
    /// How a user is a member of a board.
    async fn membership(&mut self, board: &BoardId, user: &UserId) -> Stored<Option<Membership>>;
    /// Whether there is a board of which both are members.
    async fn share_a_board(&mut self, one: &UserId, other: &UserId) -> Stored<bool>;
    /// Adds a member or changes how somebody is one.
    async fn set_member(&mut self, board: &BoardId, user: &UserId, membership: &Membership) -> Stored<()>;
    /// Notes that a user does not become a member through a team again.
    async fn depart(&mut self, board: &BoardId, user: &UserId) -> Stored<()>;
    /// Was that noted?
    async fn has_departed(&mut self, board: &BoardId, user: &UserId) -> Stored<bool>;
    /// Forgets it, for this user or for all.
    async fn forget_departures(&mut self, board: &BoardId, user: Option<&UserId>) -> Stored<()>;
    /// The users who are members through a team.
    async fn members_through(&mut self, board: &BoardId, team: &TeamId) -> Stored<Vec<UserId>>;
    /// Removes the users who are members through a team.
    async fn remove_members_through(&mut self, board: &BoardId, team: &TeamId) -> Stored<()>;
    /// The users of a team who are no members of a board.
    async fn newcomers(&mut self, board: &BoardId, team: &TeamId) -> Stored<Vec<User>>;
    /// Adds users who are no members.
    async fn add_members(&mut self, board: &BoardId, users: &[UserId], membership: &Membership) -> Stored<()>;
    /// The users of a team, or all users, by id, behind `after`, at most `limit` of them.
    async fn users(&mut self, team: Option<&TeamId>, after: Option<&UserId>, limit: u32) -> Stored<Vec<UserId>>;
    /// Removes a member; `false`: was none.
    async fn remove_member(&mut self, board: &BoardId, user: &UserId) -> Stored<bool>;
    /// How many owners the board has.
    async fn count_owners(&mut self, board: &BoardId) -> Stored<u64>;

    /// A column.
    async fn column(&mut self, id: &ColumnId) -> Stored<Option<ColumnState>>;
    /// The columns of a board by position.
    async fn columns(&mut self, board: &BoardId) -> Stored<Vec<ColumnState>>;
    /// A new column.
    async fn insert_column(&mut self, state: &ColumnState) -> Stored<bool>;
    /// Writes a column back.
    async fn save_column(&mut self, state: &ColumnState) -> Stored<()>;
    /// Deletes a column.
    async fn delete_column(&mut self, id: &ColumnId) -> Stored<()>;

    /// The board that a task is on.
    async fn board_of_task(&mut self, id: &TaskId) -> Stored<Option<BoardId>>;
    /// A task.
    async fn task(&mut self, id: &TaskId) -> Stored<Option<TaskState>>;
    /// What choosing a task on a board needs to know.
    async fn outlook(&mut self, board: &BoardId) -> Stored<Outlook>;
    /// The tasks that are not done and block this one.
    async fn blockers(&mut self, task: &TaskId) -> Stored<Vec<TaskId>>;
    /// The tasks of a board that have a lease, its time over or not, and who holds it; by id.
    async fn leases_on(&mut self, board: &BoardId) -> Stored<Vec<(TaskId, UserId)>>;
    /// Those of these tasks that there are, by id.
    async fn tasks(&mut self, ids: &[TaskId]) -> Stored<Vec<TaskState>>;
    /// The tasks of a column by position.
    async fn tasks_in(&mut self, column: &ColumnId) -> Stored<Vec<TaskState>>;
    /// Has a board at least so many tasks?
    async fn has_tasks(&mut self, board: &BoardId, count: u32) -> Stored<bool>;
    /// How many tasks a column holds.
    async fn count_tasks(&mut self, column: &ColumnId) -> Stored<u64>;
    /// The highest position in a column below `below` (`None`: of all), the task `except` left out.
    async fn position_before(
        &mut self,
        column: &ColumnId,
        below: Option<&str>,
        except: Option<&TaskId>,
    ) -> Stored<Option<String>>;
    /// The lowest position in a column above `above`, the task `except` left out.
    async fn position_after(
        &mut self,
        column: &ColumnId,
        above: &str,
        except: Option<&TaskId>,
    ) -> Stored<Option<String>>;
    /// A new task.
    async fn insert_task(&mut self, state: &TaskState) -> Stored<bool>;
    /// Writes a task back.
    async fn save_task(&mut self, state: &TaskState) -> Stored<()>;
    /// Writes back of tasks what a move changes: column, position, status, completion, lease and version.
    async fn move_tasks(&mut self, states: &[TaskState]) -> Stored<()>;
    /// Writes back of tasks what the end of their lease changes: assignee, lease and version.
    async fn release_tasks(&mut self, states: &[TaskState]) -> Stored<()>;
    /// Deletes a task.
    async fn delete_task(&mut self, id: &TaskId) -> Stored<()>;

    /// A comment.
    async fn comment(&mut self, id: &CommentId) -> Stored<Option<Comment>>;
    /// How many comments a task has.
    async fn count_comments(&mut self, task: &TaskId) -> Stored<u64>;
    /// A new comment.
    async fn insert_comment(&mut self, comment: &Comment) -> Stored<bool>;
    /// Writes a comment's text and mentions back.
    async fn save_comment(&mut self, comment: &Comment) -> Stored<()>;
    /// Deletes a comment.
    async fn delete_comment(&mut self, id: &CommentId) -> Stored<()>;

    /// An attachment.
    async fn attachment(&mut self, id: &AttachmentId) -> Stored<Option<Attachment>>;
    /// How many attachments a task has.
    async fn count_attachments(&mut self, task: &TaskId) -> Stored<u64>;
    /// A new attachment.
    async fn insert_attachment(&mut self, attachment: &Attachment) -> Stored<bool>;
    /// Deletes an attachment.
    async fn delete_attachment(&mut self, id: &AttachmentId) -> Stored<()>;

    /// A dependency.
    async fn dependency(&mut self, from: &TaskId, to: &TaskId, kind: DependencyType) -> Stored<Option<Dependency>>;
    /// How many dependencies a task has, in both directions.
    async fn count_dependencies(&mut self, task: &TaskId) -> Stored<u64>;
    /// Is `from` blocked by `to`, directly or through others?
    async fn is_blocked_by(&mut self, from: &TaskId, to: &TaskId) -> Stored<bool>;
    /// A new dependency between tasks of this board.
    async fn insert_dependency(&mut self, board: &BoardId, dependency: &Dependency) -> Stored<bool>;
    /// Deletes a dependency.
    async fn delete_dependency(&mut self, dependency: &Dependency) -> Stored<()>;

    /// A new notification.
    async fn insert_notification(&mut self, notification: &Notification) -> Stored<()>;
    /// New notifications.
    async fn insert_notifications(&mut self, notifications: &[Notification]) -> Stored<()>;
    /// Marks a notification of the user's as read, or all of them. One that is not there is left alone.
    async fn mark_read(&mut self, user: &UserId, id: Option<&NotificationId>, now: Timestamp) -> Stored<()>;
    /// How many notifications the user has not read. `everywhere`: also those of boards of which the user is no member.
    async fn count_unread(&mut self, user: &UserId, everywhere: bool) -> Stored<u64>;

    /// Appends to the board's log.
    async fn append(&mut self, entry: &LogEntry) -> Stored<()>;

    /// Appends several.
    async fn append_all(&mut self, entries: &[Arc<LogEntry>]) -> Stored<()>;

    /// Takes a user's request id for this unit, also from a request that is older than `since`; `false`: a younger one
    /// has it. While another unit has claimed the same id, this waits until that one ends. Who claims must
    /// [`remember`](Self::remember) before the unit is kept: until then the reply is empty.
    async fn claim(
        &mut self,
        user: &UserId,
        request: &RequestId,
        hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Stored<bool>;
    /// What a user's request id was used for, not before `since`.
    async fn remembered(&mut self, user: &UserId, request: &RequestId, since: Timestamp) -> Stored<Option<Remembered>>;
    /// Keeps the reply to a request that this unit has claimed.
    async fn remember(&mut self, user: &UserId, request: &RequestId, reply: &str) -> Stored<()>;
}

/// A future with a lifetime of its own.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a unit of work. It may be run once, on a task of the store's own.
pub type Job = Box<dyn for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<Applied, Fault>> + Send>;

/// Changing.
#[async_trait]
pub trait Writer: Send + Sync + 'static {
    /// Runs a unit of work. When this returns `Ok`, the change is durable; on any error nothing of it is kept. Units of
    /// work on one board become durable in the order of their `seq`.
    ///
    /// # Errors
    /// What the job returned, or [`Fault::Storage`] when the unit could not be begun or committed.
    async fn write(&self, job: Job) -> Result<Applied, Fault>;

    /// Forgets what is older than these.
    async fn prune(&self, before: &Prune) -> Stored<()>;

    /// Forgets files whose attachments are gone, because they have been removed.
    async fn forget_leftovers(&self, ids: &[AttachmentId]) -> Stored<()>;
}

/// From when on things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// Requests made before this are forgotten.
    pub requests: Timestamp,
    /// Events committed before this are forgotten; `None`: none are.
    pub events: Option<Timestamp>,
    /// Notifications made before this are forgotten, read or not.
    pub notifications: Timestamp,
    /// Sessions that ended before this, and changes of accounts made before this, are forgotten.
    pub accounts: Timestamp,
}

/// All of storage.
pub trait Store: Reader + Writer + Log + Accounts {}

impl<T: Reader + Writer + Log + Accounts> Store for T {}
