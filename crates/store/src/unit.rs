//! A unit of work as services see it: the statements on the connection that the unit has to itself.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{
    Attachment, AttachmentId, BoardId, ColumnId, Comment, CommentId, Dependency, DependencyType, Notification,
    NotificationId, RequestId, Role, Seq, TaskId, TeamId, Timestamp, UserId,
};
use boardwire_services::storage::{
    BoardState, ColumnState, LogEntry, Membership, Outlook, Remembered, Stored, TaskState, Transaction, User,
    UserAccess,
};

use crate::{
    connection::Connection,
    error::broken,
    statements::{
        attachment, board, column, comment, dependency, event, lease, member, notification, request, task, user,
    },
    whole,
};

/// Begun and ended by whoever made it.
pub(crate) struct Unit<'u, 'c> {
    pub(crate) connection: &'u mut Connection<'c>,
}

#[async_trait]
impl Transaction for Unit<'_, '_> {
    async fn user(&mut self, id: &UserId) -> Stored<Option<User>> {
        user::find(self.connection, id).await
    }

    async fn lock_board(&mut self, id: &BoardId) -> Stored<Option<BoardState>> {
        board::lock(self.connection, id).await
    }

    async fn insert_board(&mut self, state: &BoardState) -> Stored<bool> {
        board::insert(self.connection, state).await
    }

    async fn save_board(&mut self, state: &BoardState) -> Stored<()> {
        board::save(self.connection, state).await
    }

    async fn save_seq(&mut self, id: &BoardId, seq: Seq, at: Timestamp) -> Stored<()> {
        board::save_seq(self.connection, id, seq, at).await
    }

    async fn role(&mut self, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
        member::role(self.connection, board, user).await
    }

    async fn access_of(&mut self, board: &BoardId, users: &[UserId]) -> Stored<Vec<UserAccess>> {
        user::access_of(self.connection, board, users).await
    }

    async fn membership(&mut self, board: &BoardId, user: &UserId) -> Stored<Option<Membership>> {
        member::find(self.connection, board, user).await
    }

    async fn share_a_board(&mut self, one: &UserId, other: &UserId) -> Stored<bool> {
        member::share_a_board(self.connection, one, other).await
    }

    async fn set_member(&mut self, board: &BoardId, user: &UserId, membership: &Membership) -> Stored<()> {
        member::set(self.connection, board, user, membership).await
    }

    async fn depart(&mut self, board: &BoardId, user: &UserId) -> Stored<()> {
        member::depart(self.connection, board, user).await
    }

    async fn has_departed(&mut self, board: &BoardId, user: &UserId) -> Stored<bool> {
        member::has_departed(self.connection, board, user).await
    }

    async fn forget_departures(&mut self, board: &BoardId, user: Option<&UserId>) -> Stored<()> {
        member::return_to(self.connection, board, user).await
    }

    async fn members_through(&mut self, board: &BoardId, team: &TeamId) -> Stored<Vec<UserId>> {
        member::list_through(self.connection, board, team).await
    }

    async fn remove_members_through(&mut self, board: &BoardId, team: &TeamId) -> Stored<()> {
        member::remove_through(self.connection, board, team).await
    }

    async fn newcomers(&mut self, board: &BoardId, team: &TeamId) -> Stored<Vec<User>> {
        user::newcomers(self.connection, board, team).await
    }

    async fn add_members(&mut self, board: &BoardId, users: &[UserId], membership: &Membership) -> Stored<()> {
        member::add_all(self.connection, board, users, membership).await
    }

    async fn users(&mut self, team: Option<&TeamId>, after: Option<&UserId>, limit: u32) -> Stored<Vec<UserId>> {
        user::page(self.connection, team, after, limit).await
    }

    async fn remove_member(&mut self, board: &BoardId, user: &UserId) -> Stored<bool> {
        member::remove(self.connection, board, user).await
    }

    async fn count_owners(&mut self, board: &BoardId) -> Stored<u64> {
        member::count(self.connection, board, Role::Owner).await
    }

    async fn column(&mut self, id: &ColumnId) -> Stored<Option<ColumnState>> {
        column::find(self.connection, id).await
    }

    async fn columns(&mut self, board: &BoardId) -> Stored<Vec<ColumnState>> {
        column::list(self.connection, board).await
    }

    async fn insert_column(&mut self, state: &ColumnState) -> Stored<bool> {
        column::insert(self.connection, state).await
    }

    async fn save_column(&mut self, state: &ColumnState) -> Stored<()> {
        column::save(self.connection, state).await
    }

    async fn delete_column(&mut self, id: &ColumnId) -> Stored<()> {
        column::delete(self.connection, id).await
    }

    async fn board_of_task(&mut self, id: &TaskId) -> Stored<Option<BoardId>> {
        task::board_of(self.connection, id).await
    }

    async fn task(&mut self, id: &TaskId) -> Stored<Option<TaskState>> {
        task::find(self.connection, id).await
    }

    async fn outlook(&mut self, board: &BoardId) -> Stored<Outlook> {
        let found = whole::outlook(self.connection, board).await?;
        found.ok_or_else(|| broken("outlook", "the board is locked and not there"))
    }

    async fn blockers(&mut self, task: &TaskId) -> Stored<Vec<TaskId>> {
        dependency::blockers(self.connection, task).await
    }

    async fn leases_on(&mut self, board: &BoardId) -> Stored<Vec<(TaskId, UserId)>> {
        lease::on_board(self.connection, board).await
    }

    async fn tasks(&mut self, ids: &[TaskId]) -> Stored<Vec<TaskState>> {
        task::find_all(self.connection, ids).await
    }

    async fn tasks_in(&mut self, column: &ColumnId) -> Stored<Vec<TaskState>> {
        task::list_of_column(self.connection, column).await
    }

    async fn has_tasks(&mut self, board: &BoardId, count: u32) -> Stored<bool> {
        task::has(self.connection, board, count).await
    }

    async fn count_tasks(&mut self, column: &ColumnId) -> Stored<u64> {
        task::count(self.connection, column).await
    }

    async fn position_before(
        &mut self,
        column: &ColumnId,
        below: Option<&str>,
        except: Option<&TaskId>,
    ) -> Stored<Option<String>> {
        task::position_before(self.connection, column, below, except).await
    }

    async fn position_after(
        &mut self,
        column: &ColumnId,
        above: &str,
        except: Option<&TaskId>,
    ) -> Stored<Option<String>> {
        task::position_after(self.connection, column, above, except).await
    }

    async fn insert_task(&mut self, state: &TaskState) -> Stored<bool> {
        task::insert(self.connection, state).await
    }

    async fn save_task(&mut self, state: &TaskState) -> Stored<()> {
        task::save(self.connection, state).await
    }

    async fn move_tasks(&mut self, states: &[TaskState]) -> Stored<()> {
        task::move_all(self.connection, states).await
    }

    async fn release_tasks(&mut self, states: &[TaskState]) -> Stored<()> {
        task::release_all(self.connection, states).await
    }

    async fn delete_task(&mut self, id: &TaskId) -> Stored<()> {
        task::delete(self.connection, id).await
    }

    async fn comment(&mut self, id: &CommentId) -> Stored<Option<Comment>> {
        comment::find(self.connection, id).await
    }

    async fn count_comments(&mut self, task: &TaskId) -> Stored<u64> {
        comment::count(self.connection, task).await
    }

    async fn insert_comment(&mut self, comment: &Comment) -> Stored<bool> {
        comment::insert(self.connection, comment).await
    }

    async fn save_comment(&mut self, comment: &Comment) -> Stored<()> {
        comment::save(self.connection, comment).await
    }

    async fn delete_comment(&mut self, id: &CommentId) -> Stored<()> {
        comment::delete(self.connection, id).await
    }

    async fn attachment(&mut self, id: &AttachmentId) -> Stored<Option<Attachment>> {
        attachment::find(self.connection, id).await
    }

    async fn count_attachments(&mut self, task: &TaskId) -> Stored<u64> {
        attachment::count(self.connection, task).await
    }

    async fn insert_attachment(&mut self, attachment: &Attachment) -> Stored<bool> {
        attachment::insert(self.connection, attachment).await
    }

    async fn delete_attachment(&mut self, id: &AttachmentId) -> Stored<()> {
        attachment::delete(self.connection, id).await
    }

    async fn dependency(&mut self, from: &TaskId, to: &TaskId, kind: DependencyType) -> Stored<Option<Dependency>> {
        dependency::find(self.connection, from, to, kind).await
    }

    async fn count_dependencies(&mut self, task: &TaskId) -> Stored<u64> {
        dependency::count(self.connection, task).await
    }

    async fn is_blocked_by(&mut self, from: &TaskId, to: &TaskId) -> Stored<bool> {
        dependency::is_blocked_by(self.connection, from, to).await
    }

    async fn insert_dependency(&mut self, board: &BoardId, dependency: &Dependency) -> Stored<bool> {
        dependency::insert(self.connection, board, dependency).await
    }

    async fn delete_dependency(&mut self, dependency: &Dependency) -> Stored<()> {
        dependency::delete(self.connection, dependency).await
    }

    async fn insert_notification(&mut self, notification: &Notification) -> Stored<()> {
        notification::insert(self.connection, notification).await
    }

    async fn insert_notifications(&mut self, notifications: &[Notification]) -> Stored<()> {
        notification::insert_all(self.connection, notifications).await
    }

    async fn mark_read(&mut self, user: &UserId, id: Option<&NotificationId>, now: Timestamp) -> Stored<()> {
        notification::mark_read(self.connection, user, id, now).await
    }

    async fn count_unread(&mut self, user: &UserId, everywhere: bool) -> Stored<u64> {
        notification::count_unread(self.connection, user, everywhere).await
    }

    async fn append(&mut self, entry: &LogEntry) -> Stored<()> {
        event::append(self.connection, entry).await
    }

    async fn append_all(&mut self, entries: &[Arc<LogEntry>]) -> Stored<()> {
        event::append_all(self.connection, entries).await
    }

    async fn claim(
        &mut self,
        user: &UserId,
        request: &RequestId,
        hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Stored<bool> {
        request::claim(self.connection, user, request, hash, now, since).await
    }

    async fn remembered(&mut self, user: &UserId, request: &RequestId, since: Timestamp) -> Stored<Option<Remembered>> {
        request::find(self.connection, user, request, since).await
    }

    async fn remember(&mut self, user: &UserId, request: &RequestId, reply: &str) -> Stored<()> {
        request::remember(self.connection, user, request, reply).await
    }
}
