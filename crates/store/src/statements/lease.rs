//! Leases, which are in `tasks`, and what choosing a task needs to know.

use std::collections::HashMap;

use boardwire_protocol::{BoardId, ColumnId, Lease, Status, Timestamp};
use boardwire_services::storage::{Leased, Prospect, Stored, TaskState};
use serde::{Deserialize, Serialize};

use super::json;
use crate::{
    connection::{Connection, Statement, Value},
    row::Row,
};

/// A lease as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) lease: Lease,
    /// Did the claim also assign the task?
    pub(super) assigned: bool,
}

impl Kept {
    /// As JSON text, where the task has a lease.
    pub(super) fn of(state: &TaskState) -> Stored<Option<String>> {
        let kept = |lease: &Lease| json(&Self { lease: lease.clone(), assigned: state.assigned_by_claim });
        state.task.lease.as_ref().map(kept).transpose()
    }

    /// From the column at this place.
    pub(super) fn read(row: &Row, at: usize) -> Stored<Option<Self>> {
        row.opt_str(at)?.map(|_| row.json(at)).transpose()
    }
}

/// `task` is done by, or waits for, how many others that are not done.
macro_rules! count_undone {
    ($this:literal, $other:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM dependencies JOIN tasks AS others ON others.id = dependencies.",
            $other,
            " WHERE dependencies.",
            $this,
            " = tasks.id AND dependencies.type = 'blocks' AND others.status <> 'done')"
        )
    };
}

/// By the columns' order on the board, then by position.
const PROSPECTS: Statement = Statement::new(
    "lease.prospects",
    concat!(
        "SELECT id, column_id, status, priority, assignee, due_date, tags, lease, ",
        count_undone!("task_id", "depends_on"),
        ", ",
        count_undone!("depends_on", "task_id"),
        " FROM tasks WHERE board_id = $1 AND status <> 'done'
          ORDER BY (SELECT columns.position FROM columns WHERE columns.id = tasks.column_id), column_id, position, id"
    ),
);

const HELD: Statement =
    Statement::new("lease.held", "SELECT column_id, COUNT(*) FROM tasks WHERE board_id = $1 GROUP BY column_id");

const OVERDUE: Statement = Statement::new(
    "lease.overdue",
    "SELECT id, lease FROM tasks
     WHERE lease_expires_at IS NOT NULL AND lease_expires_at <= $1 ORDER BY lease_expires_at LIMIT $2",
);

const ON_BOARD: Statement = Statement::new(
    "lease.on_board",
    "SELECT id, lease FROM tasks WHERE board_id = $1 AND lease IS NOT NULL ORDER BY id",
);

#[tracing::instrument(level = "debug", name = "db.lease.prospects", skip_all)]
pub(crate) async fn prospects(connection: &mut Connection<'_>, board: &BoardId) -> Stored<Vec<Prospect>> {
    let rows = connection.fetch_all(&PROSPECTS, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(read_prospect).collect()
}

/// How many tasks each column holds that holds any.
#[tracing::instrument(level = "debug", name = "db.lease.held", skip_all)]
pub(crate) async fn held(connection: &mut Connection<'_>, board: &BoardId) -> Stored<HashMap<ColumnId, u64>> {
    let rows = connection.fetch_all(&HELD, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

#[tracing::instrument(level = "debug", name = "db.lease.overdue", skip_all)]
pub(crate) async fn overdue(connection: &mut Connection<'_>, now: Timestamp, limit: u32) -> Stored<Vec<Leased>> {
    let rows = connection.fetch_all(&OVERDUE, &[Value::Int(now.0), Value::Int(limit.into())]).await?;
    rows.iter().map(read_leased).collect()
}

#[tracing::instrument(level = "debug", name = "db.lease.on_board", skip_all)]
pub(crate) async fn on_board(connection: &mut Connection<'_>, board: &BoardId) -> Stored<Vec<Leased>> {
    let rows = connection.fetch_all(&ON_BOARD, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(read_leased).collect()
}

fn read_leased(row: &Row) -> Stored<Leased> {
    let kept: Kept = row.json(1)?;
    Ok(Leased { task: row.id(0)?, holder: kept.lease.holder })
}

fn read_prospect(row: &Row) -> Stored<Prospect> {
    let kept = Kept::read(row, 7)?;
    Ok(Prospect {
        id: row.id(0)?,
        column_id: row.id(1)?,
        status: row.named(2, Status::from_name)?,
        priority: row.number(3)?,
        assignee: row.opt_id(4)?,
        due_date: row.opt_text(5)?,
        tags: row.json(6)?,
        assigned_by_claim: kept.as_ref().is_some_and(|kept| kept.assigned),
        lease: kept.map(|kept| kept.lease),
        blockers: row.number(8)?,
        blocks: row.number(9)?,
    })
}
