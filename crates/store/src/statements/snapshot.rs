//! Boards and tasks with everything that belongs to them, read by several statements in one snapshot of the database.

use std::iter;

use async_trait::async_trait;
use boardwire_protocol::{Status, TaskId, board::Snapshot, task::Detail};
use boardwire_services::storage::{
    BoardState, ColumnRepository as _, DependencyRepository as _, SnapshotStore, StorageResult, TaskRepository as _,
    WantedBoard,
};

use super::{attachment, board, comment, dependency, member, task};
use crate::{connection::Connection, database::Database, statement::json};

/// How many tasks of a board one query reads; at most this many are read in vain.
const TASKS_PER_QUERY: u32 = 100;

#[async_trait]
impl SnapshotStore for Database {
    #[tracing::instrument(level = "debug", name = "db.snapshot", skip_all)]
    async fn snapshot(&self, wanted: &WantedBoard) -> StorageResult<Option<Snapshot>> {
        let wanted = wanted.clone();
        self.read_snapshot(move |mut reader| async move { read(&mut reader.connection(), &wanted).await }).await
    }

    #[tracing::instrument(level = "debug", name = "db.detail", skip_all)]
    async fn detail(&self, id: &TaskId) -> StorageResult<Option<Detail>> {
        let id = id.clone();
        self.read_snapshot(move |mut reader| async move { read_detail(&mut reader.connection(), &id).await }).await
    }
}

/// Reads a board or a part of it. The connection must be in a transaction that sees one state.
pub(crate) async fn read(connection: &mut Connection<'_>, wanted: &WantedBoard) -> StorageResult<Option<Snapshot>> {
    let id = &wanted.board;
    let Some(BoardState { board, seq, epoch, .. }) = board::find(connection, id).await? else { return Ok(None) };
    let columns = connection.columns(id).await?.into_iter().map(|state| state.column).collect();
    let members = member::list(connection, id).await?;
    let (tasks, dependencies) = (Vec::new(), Vec::new());
    let mut snapshot = Snapshot { board, columns, tasks, members, dependencies, next: None, seq, epoch };
    add_tasks(connection, wanted, &mut snapshot).await?;
    Ok(Some(snapshot))
}

/// Adds the wanted tasks with their dependencies to a snapshot.
async fn add_tasks(
    connection: &mut Connection<'_>,
    wanted: &WantedBoard,
    snapshot: &mut Snapshot,
) -> StorageResult<()> {
    let (mut after, mut bytes) = (wanted.after.clone(), 0);
    loop {
        // One task more than wanted shows whether there are more.
        let missing = wanted.limit.saturating_sub(u32::try_from(snapshot.tasks.len()).unwrap_or(u32::MAX));
        let count = missing.saturating_add(1).min(TASKS_PER_QUERY);
        let tasks = task::part_of_board(connection, &wanted.board, after.as_ref(), count).await?;
        let is_end = tasks.len() < count as usize;
        let Some(last) = tasks.last().map(|task| task.id.clone()) else { return Ok(()) };
        let links = dependency::part_of_board(connection, &wanted.board, after.as_ref(), &last).await?;
        let mut links = links.into_iter().peekable();
        for task in tasks {
            let own: Vec<_> = iter::from_fn(|| links.next_if(|link| link.task_id == task.id)).collect();
            bytes += json(&task)?.len() + json(&own)?.len();
            let is_full = snapshot.tasks.len() >= wanted.limit as usize || bytes > wanted.bytes;
            if let Some(before) = snapshot.tasks.last().filter(|_| is_full) {
                snapshot.next = Some(before.id.clone());
                return Ok(());
            }
            snapshot.tasks.push(task);
            snapshot.dependencies.extend(own);
        }
        if is_end {
            return Ok(());
        }
        after = Some(last);
    }
}

/// Reads a task with all that belongs to it. The connection must be in a transaction that sees one state.
async fn read_detail(connection: &mut Connection<'_>, id: &TaskId) -> StorageResult<Option<Detail>> {
    let Some(task) = connection.task(id).await?.map(|state| state.task) else { return Ok(None) };
    let comments = comment::list(connection, id).await?;
    let attachments = attachment::list(connection, id).await?;
    let dependencies = dependency::list_of_task(connection, id).await?;
    let blocked_by = connection.blockers(id).await?;
    let blocking = match task.status {
        Status::Done => Vec::new(),
        _ => dependency::blocked(connection, id).await?,
    };
    Ok(Some(Detail { task, comments, attachments, dependencies, blocked_by, blocking }))
}
