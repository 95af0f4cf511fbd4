//! A unit of work as services see it: the statements on the connection that the unit has to itself.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, ColumnId, RequestId, Role, Seq, TaskId, Timestamp, UserId};
use boardwire_services::storage::{
    BoardState, ColumnState, LogEntry, Remembered, Stored, TaskState, Transaction, User,
};

use crate::{
    connection::Connection,
    statements::{board, column, event, member, request, task, user},
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

    async fn save_seq(&mut self, id: &BoardId, seq: Seq) -> Stored<()> {
        board::save_seq(self.connection, id, seq).await
    }

    async fn role(&mut self, board: &BoardId, user: &UserId) -> Stored<Option<Role>> {
        member::role(self.connection, board, user).await
    }

    async fn set_member(&mut self, board: &BoardId, user: &UserId, role: Role) -> Stored<()> {
        member::set(self.connection, board, user, role).await
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

    async fn tasks_in(&mut self, column: &ColumnId) -> Stored<Vec<TaskState>> {
        task::list_of_column(self.connection, column).await
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

    async fn delete_task(&mut self, id: &TaskId) -> Stored<()> {
        task::delete(self.connection, id).await
    }

    async fn append(&mut self, entry: &LogEntry) -> Stored<()> {
        event::append(self.connection, entry).await
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
