//! What is read with several statements: a board, a task with all that belongs to it, and a board as somebody sees it who
//! looks for work. Each wants a connection in a transaction that sees one moment, and gives `None` where there is none.

use std::collections::HashMap;

use boardwire_protocol::{BoardId, Status, TaskId, board::Snapshot, task::Detail};
use boardwire_services::storage::{BoardState, Outlook, Stored};

use crate::{
    connection::Connection,
    statements::{attachment, board, column, comment, dependency, lease, member, task},
};

pub(crate) async fn snapshot(connection: &mut Connection<'_>, id: &BoardId) -> Stored<Option<Snapshot>> {
    let Some(BoardState { board, seq, epoch, .. }) = board::find(connection, id).await? else { return Ok(None) };
    let columns = column::list(connection, id).await?.into_iter().map(|state| state.column).collect();
    let tasks = task::list_of_board(connection, id).await?;
    let members = member::list(connection, id).await?;
    let dependencies = dependency::list_of_board(connection, id).await?;
    Ok(Some(Snapshot { board, columns, tasks, members, dependencies, seq, epoch }))
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
