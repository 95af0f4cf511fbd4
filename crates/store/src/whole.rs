//! What is read with several statements: a board or a part of it, a task with all that belongs to it, and a board as somebody sees it who
//! looks for work. Each wants a connection in a transaction that sees one moment, and gives `None` where there is none.

use std::{collections::HashMap, iter};

use boardwire_protocol::{BoardId, Status, TaskId, board::Snapshot, task::Detail};
use boardwire_services::storage::{BoardState, Outlook, Stored, WantedBoard};

use crate::{
    connection::Connection,
    statements::{attachment, board, column, comment, dependency, json, lease, member, task},
};

/// So many tasks of a board are read at a time, and no more than these beyond what is wanted.
const TASKS_AT_ONCE: u32 = 100;

pub(crate) async fn snapshot(connection: &mut Connection<'_>, wanted: &WantedBoard) -> Stored<Option<Snapshot>> {
    let id = &wanted.board;
    let Some(BoardState { board, seq, epoch, .. }) = board::find(connection, id).await? else { return Ok(None) };
    let columns = column::list(connection, id).await?.into_iter().map(|state| state.column).collect();
    let members = member::list(connection, id).await?;
    let (tasks, dependencies) = (Vec::new(), Vec::new());
    let mut snapshot = Snapshot { board, columns, tasks, members, dependencies, next: None, seq, epoch };
    add_tasks(connection, wanted, &mut snapshot).await?;
    Ok(Some(snapshot))
}

/// Adds tasks with what they depend on, as many as are wanted.
async fn add_tasks(connection: &mut Connection<'_>, wanted: &WantedBoard, snapshot: &mut Snapshot) -> Stored<()> {
    let (mut after, mut bytes) = (wanted.after.clone(), 0);
    loop {
        // With one more it shows whether there are more.
        let missing = wanted.limit.saturating_sub(u32::try_from(snapshot.tasks.len()).unwrap_or(u32::MAX));
        let count = missing.saturating_add(1).min(TASKS_AT_ONCE);
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

pub(crate) async fn detail(connection: &mut Connection<'_>, id: &TaskId) -> Stored<Option<Detail>> {
    let Some(task) = task::find(connection, id).await?.map(|state| state.task) else { return Ok(None) };
    let comments = comment::list(connection, id).await?;
    let attachments = attachment::list(connection, id).await?;
    let dependencies = dependency::list_of_task(connection, id).await?;
    let blocked_by = dependency::blockers(connection, id).await?;
    let blocking = match task.status {
        Status::Done => Vec::new(),
        _ => dependency::blocked(connection, id).await?,
    };
    Ok(Some(Detail { task, comments, attachments, dependencies, blocked_by, blocking }))
}

pub(crate) async fn outlook(connection: &mut Connection<'_>, id: &BoardId) -> Stored<Option<Outlook>> {
    let Some(state) = board::find(connection, id).await? else { return Ok(None) };
    let columns: Vec<_> = column::list(connection, id).await?.into_iter().map(|state| state.column).collect();
    let is_limited = columns.iter().any(|column| column.wip_limit.is_some());
    Ok(Some(Outlook {
        archived: state.board.archived,
        held: if is_limited { lease::held(connection, id).await? } else { HashMap::new() },
        prospects: lease::prospects(connection, id, &columns).await?,
        columns,
    }))
}
