//! The one list of all commands. Dispatch, permissions, rate-limit classes, the access matrix and all generated
//! references are made from it.

use serde_json::Value;

use crate::command::{
    attachment, board, column, comment, connection, dependency, lease, listing, notification, presence, task,
};

/// The permission that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// `read`.
    Read,
    /// `write`.
    Write,
}

/// The role on the board that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoardRole {
    /// None: the command concerns no particular board, or one that does not exist yet.
    None,
    /// A viewer or more.
    Viewer,
    /// A member or an owner.
    Member,
    /// An owner.
    Owner,
}

/// What a command acts on, which decides who executes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandGroup {
    /// It changes what is stored, in one transaction, once for each request id.
    Change,
    /// It reads what is stored.
    Query,
    /// It concerns the connection that sent it, and needs one that lasts.
    Connection,
}

impl CommandGroup {
    /// Returns the name that settings and rate limits use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Query => "query",
            Self::Connection => "session",
        }
    }
}

/// Declares all commands. `$dollar` is the token `$`, which the macros that this one defines need.
macro_rules! catalog {
    ($dollar:tt $($(#[doc = $group_doc:literal])+ $group:ident($type:ident), $match:ident { $(
        $(#[doc = $doc:literal])+
        $name:literal => $variant:ident($payload:ty) -> $result:ty, $permission:ident, $role:ident $(, bare $bare:literal)?;
    )* })*) => {
        /// A decoded command.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command { $($(#[doc = $group_doc])+ $group($type),)* }

        $(
            $(#[doc = $group_doc])+
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub enum $type { $($(#[doc = $doc])+ $variant($payload),)* }

            /// Evaluates an expression with the payload of a decoded command, whatever the payload's type:
            #[doc = concat!("`", stringify!($match), "!(command, payload => serde_json::to_value(&payload))`.")]
            #[macro_export]
            macro_rules! $match {
                ($dollar command:expr, $dollar payload:ident => $dollar value:expr) => {
                    match $dollar command { $($crate::$type::$variant($dollar payload) => $dollar value,)* }
                };
            }

            impl $type {
                /// Returns which command it is.
                #[must_use]
                pub fn kind(&self) -> CommandKind {
                    match self { $(Self::$variant(_) => CommandKind::$variant,)* }
                }

                /// Returns the payload as JSON with its fields in a fixed order: equal requests give equal text.
                #[must_use]
                pub fn payload(&self) -> Value {
                    match self { $(Self::$variant(payload) => serde_json::to_value(payload).unwrap_or_default(),)* }
                }
            }
        )*

        /// A command without its payload.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandKind { $($($(#[doc = $doc])+ $variant,)*)* }

        impl CommandKind {
            /// All commands, in the order of the list.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)*)*];

            /// Returns the name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name,)*)* }
            }

            /// Returns the command with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($($name => Some(Self::$variant),)*)* _ => None }
            }

            /// Returns a sentence that says what it does.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $($(Self::$variant => concat!($($doc),+),)*)* }
            }

            /// Returns the permission that it needs.
            #[must_use]
            pub fn permission(self) -> Permission {
                match self { $($(Self::$variant => Permission::$permission,)*)* }
            }

            /// Returns the role on the board that it needs.
            #[must_use]
            pub fn role(self) -> BoardRole {
                match self { $($(Self::$variant => BoardRole::$role,)*)* }
            }

            /// Returns its group.
            #[must_use]
            pub fn group(self) -> CommandGroup {
                match self { $($(Self::$variant => CommandGroup::$group,)*)* }
            }

            /// Returns the field that a string in place of the payload stands for, if the command accepts one.
            #[must_use]
            pub fn bare_field(self) -> Option<&'static str> {
                match self { $($($(Self::$variant => Some($bare),)?)*)* _ => None }
            }

            pub(crate) fn parse(self, payload: Value) -> Result<Command, serde_path_to_error::Error<serde_json::Error>> {
                Ok(match self { $($(
                    Self::$variant => Command::$group($type::$variant(serde_path_to_error::deserialize(payload)?)),
                )*)* })
            }

            /// Returns the JSON Schemas of the payload and of the result.
            #[cfg(feature = "schema")]
            pub fn schemas(
                self,
                reading: &mut schemars::SchemaGenerator,
                writing: &mut schemars::SchemaGenerator,
            ) -> (schemars::Schema, schemars::Schema) {
                match self { $($(
                    Self::$variant => (reading.subschema_for::<$payload>(), writing.subschema_for::<$result>()),
                )*)* }
            }
        }
    };
}

catalog! { $
    /// A command that changes what is stored.
    Change(Change), match_change {
        /// Adds a task at the end of a column, or next to a neighbour.
        "task:create" => TaskCreate(task::Create) -> task::TaskResult, Write, Member;
        /// Sets fields of a task.
        "task:update" => TaskUpdate(task::Update) -> task::TaskResult, Write, Member;
        /// Moves a task to a column and a place in it.
        "task:move" => TaskMove(task::Move) -> task::TaskResult, Write, Member;
        /// Gives a task to a user, or to nobody.
        "task:assign" => TaskAssign(task::Assign) -> task::TaskResult, Write, Member;
        /// Marks a task as done and moves it to the board's first column with the status `done`.
        "task:complete" => TaskComplete(task::Complete) -> task::TaskResult, Write, Member;
        /// Deletes a task.
        "task:delete" => TaskDelete(task::Delete) -> task::Deleted, Write, Member;
        /// Takes a task to work on, the next one or a certain one, and holds it for some time.
        "task:claim" => TaskClaim(lease::Claim) -> lease::Chosen, Write, Member;
        /// Extends the lease of a task.
        "task:renew" => TaskRenew(lease::Renew) -> task::TaskResult, Write, Member;
        /// Gives a task back, or takes it away from its holder. The task stays in its column.
        "task:release" => TaskRelease(lease::Release) -> task::TaskResult, Write, Member;
        /// Adds a comment to a task.
        "task:comment:add" => TaskCommentAdd(comment::Add) -> comment::CommentResult, Write, Member;
        /// Changes the text of a comment.
        "task:comment:update" => TaskCommentUpdate(comment::Update) -> comment::CommentResult, Write, Member;
        /// Deletes a comment.
        "task:comment:delete" => TaskCommentDelete(comment::Delete) -> comment::Deleted, Write, Member;
        /// Removes a file from a task.
        "task:attachment:remove" => TaskAttachmentRemove(attachment::Remove) -> attachment::Removed, Write, Member;
        /// Makes a task depend on another.
        "task:dependency:add" => TaskDependencyAdd(dependency::Add) -> dependency::DependencyResult, Write, Member;
        /// Removes a dependency of a task on another.
        "task:dependency:remove" => TaskDependencyRemove(dependency::Remove) -> dependency::DependencyResult, Write, Member;
        /// Makes a board with the caller as its owner.
        "board:create" => BoardCreate(board::Create) -> board::Created, Write, None;
        /// Sets fields of a board.
        "board:update" => BoardUpdate(board::Update) -> board::BoardResult, Write, Member;
        /// Archives a board: from then on it can only be read and restored, and members can be removed.
        "board:archive" => BoardArchive(board::Archive) -> board::BoardResult, Write, Owner;
        /// Restores an archived board.
        "board:restore" => BoardRestore(board::Restore) -> board::BoardResult, Write, Owner;
        /// Adds a member, or changes a member's role. The last owner stays owner.
        "board:member:set" => BoardMemberSet(board::MemberSet) -> board::MemberResult, Write, Owner;
        /// Removes a member. The last owner stays.
        "board:member:remove" => BoardMemberRemove(board::MemberRemove) -> board::MemberRemoved, Write, Owner;
        /// Adds a column at the end, or next to a neighbour.
        "column:create" => ColumnCreate(column::Create) -> column::ColumnResult, Write, Member;
        /// Sets fields of a column.
        "column:update" => ColumnUpdate(column::Update) -> column::ColumnResult, Write, Member;
        /// Puts all columns of a board in a new order.
        "column:reorder" => ColumnReorder(column::Reorder) -> column::Columns, Write, Member;
        /// Deletes a column; its tasks move to `moveTasksTo`.
        "column:delete" => ColumnDelete(column::Delete) -> column::Deleted, Write, Member;
        /// Marks notifications of the caller as read, for all of the caller's connections.
        "notification:read" => NotificationRead(notification::Read) -> notification::Unread, Read, None;
    }
    /// A command that reads what is stored.
    Query(Query), match_query {
        /// A task with all that belongs to it.
        "task:get" => TaskGet(task::Get) -> task::Detail, Read, Viewer;
        /// The task that `task:claim` would take. Changes nothing.
        "task:next" => TaskNext(lease::Next) -> lease::Chosen, Read, Viewer;
        /// Tasks on one board or on all that the caller may read, page by page.
        "task:list" => TaskList(listing::List) -> listing::Listed, Read, None;
        /// Tasks with all of the given words in the title and description, or in one comment.
        "task:search" => TaskSearch(listing::Search) -> listing::Found, Read, None;
        /// A whole board at one moment, or with `limit` a page of it, and the `seq` of its last event.
        "board:get" => BoardGet(board::Get) -> board::Snapshot, Read, Viewer;
        /// The events of a board after a certain one.
        "board:events" => BoardEvents(listing::Events) -> listing::Logged, Read, Viewer;
        /// The boards that the caller may read.
        "board:list" => BoardList(board::List) -> board::Listed, Read, None;
        /// The caller's notifications, newest first.
        "notification:list" => NotificationList(notification::List) -> notification::Listed, Read, None;
    }
    /// A command that concerns the connection that sent it.
    Connection(ConnectionCommand), match_connection_command {
        /// Receives events whose name matches a pattern, from one board or from all that the caller may read.
        "subscribe" => Subscribe(connection::Subscribe) -> connection::Subscribed, Read, Viewer;
        /// Ends a subscription.
        "unsubscribe" => Unsubscribe(connection::Unsubscribe) -> connection::Unsubscribed, Read, None;
        /// Receives everything on a board, in place of the board viewed before.
        "view:board" => ViewBoard(connection::ViewBoard) -> connection::Viewed, Read, Viewer, bare "boardId";
        /// Receives everything on a task, in place of the task viewed before.
        "view:task" => ViewTask(connection::ViewTask) -> connection::Viewed, Read, Viewer, bare "taskId";
        /// Ends the views of a board and a task.
        "view:leave" => ViewLeave(connection::ViewLeave) -> connection::Viewed, Read, None;
        /// Says whether the caller is online or away, and on which board and task.
        "presence:update" => PresenceUpdate(presence::Update) -> presence::Done, Read, Viewer;
        /// Lists who is present on a board.
        "presence:list" => PresenceList(presence::List) -> presence::Listed, Read, Viewer;
        /// Says that the caller is typing, on a board or on a task. Holds for 5 seconds; send it again to extend it.
        "typing:start" => TypingStart(presence::Typing) -> presence::Done, Read, Viewer;
        /// Says that the caller has stopped typing.
        "typing:stop" => TypingStop(presence::Typing) -> presence::Done, Read, Viewer;
        /// Replaces the connection's credentials with a new token of the same user.
        "auth:refresh" => AuthRefresh(connection::Refresh) -> connection::Refreshed, Read, None;
    }
}

/// The former name of [`ConnectionCommand`].
#[deprecated(since = "0.1.0", note = "renamed to `ConnectionCommand`")]
pub type Session = ConnectionCommand;
