//! Leases, which are in `tasks`, and what choosing a task needs to know.

use std::collections::HashMap;

use boardwire_protocol::{BoardId, Column, ColumnId, Lease, Status, TaskId, Timestamp, UserId};
use boardwire_services::storage::{Overdue, Prospect, Stored, TaskState};
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

/// By position.
macro_rules! prospects {
    () => {
        "SELECT id, column_id, status, priority, assignee, due_date, tags, lease
         FROM tasks WHERE board_id = $1 AND status <> 'done' ORDER BY position, id"
    };
}

/// Which task waits for which, where neither is done.
macro_rules! waiting {
    () => {
        "SELECT dependencies.task_id, dependencies.depends_on
         FROM dependencies JOIN tasks AS waiting ON waiting.id = dependencies.task_id
            JOIN tasks AS awaited ON awaited.id = dependencies.depends_on
         WHERE dependencies.board_id = $1 AND dependencies.type = 'blocks'
            AND waiting.status <> 'done' AND awaited.status <> 'done'"
    };
}

const PROSPECTS: Statement = Statement::new("lease.prospects", prospects!());
const WAITING: Statement = Statement::new("lease.waiting", waiting!());

const HELD: Statement =
    Statement::new("lease.held", "SELECT column_id, COUNT(*) FROM tasks WHERE board_id = $1 GROUP BY column_id");

const OVERDUE: Statement = Statement::new(
    "lease.overdue",
    "SELECT lease_expires_at, id FROM tasks
     WHERE lease_expires_at IS NOT NULL AND lease_expires_at <= $1 AND (lease_expires_at, id) > ($2, $3)
     ORDER BY lease_expires_at, id LIMIT $4",
);

const ON_BOARD: Statement = Statement::new(
    "lease.on_board",
    "SELECT id, lease FROM tasks WHERE board_id = $1 AND lease IS NOT NULL ORDER BY id",
);

/// The tasks that are not done, by the columns in this order, then by position.
#[tracing::instrument(level = "debug", name = "db.lease.prospects", skip_all)]
pub(crate) async fn prospects(
    connection: &mut Connection<'_>,
    board: &BoardId,
    columns: &[Column],
) -> Stored<Vec<Prospect>> {
    let rows = connection.fetch_all(&PROSPECTS, &[Value::Text(board.as_str())]).await?;
    let mut prospects = rows.iter().map(read_prospect).collect::<Stored<Vec<_>>>()?;
    let places: HashMap<_, _> = columns.iter().enumerate().map(|(place, column)| (&column.id, place)).collect();
    prospects.sort_by_key(|prospect| places.get(&prospect.column_id).copied());
    let mut waiting: HashMap<TaskId, (u64, u64)> = HashMap::new();
    for row in connection.fetch_all(&WAITING, &[Value::Text(board.as_str())]).await? {
        waiting.entry(row.id(0)?).or_default().0 += 1;
        waiting.entry(row.id(1)?).or_default().1 += 1;
    }
    for prospect in &mut prospects {
        (prospect.blockers, prospect.blocks) = waiting.get(&prospect.id).copied().unwrap_or_default();
    }
    Ok(prospects)
}

/// How many tasks each column holds that holds any.
#[tracing::instrument(level = "debug", name = "db.lease.held", skip_all)]
pub(crate) async fn held(connection: &mut Connection<'_>, board: &BoardId) -> Stored<HashMap<ColumnId, u64>> {
    let rows = connection.fetch_all(&HELD, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

#[tracing::instrument(level = "debug", name = "db.lease.overdue", skip_all)]
pub(crate) async fn overdue(
    connection: &mut Connection<'_>,
    now: Timestamp,
    after: Option<&Overdue>,
    limit: u32,
) -> Stored<Vec<Overdue>> {
    let (expired_at, task) = after.map_or((i64::MIN, ""), |after| (after.expired_at.0, after.task.as_str()));
    let values = [Value::Int(now.0), Value::Int(expired_at), Value::Text(task), Value::Int(limit.into())];
    let rows = connection.fetch_all(&OVERDUE, &values).await?;
    rows.iter().map(|row| Ok(Overdue { expired_at: row.time(0)?, task: row.id(1)? })).collect()
}

/// The tasks of a board that have a lease, and who holds it.
#[tracing::instrument(level = "debug", name = "db.lease.on_board", skip_all)]
pub(crate) async fn on_board(connection: &mut Connection<'_>, board: &BoardId) -> Stored<Vec<(TaskId, UserId)>> {
    let rows = connection.fetch_all(&ON_BOARD, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.json::<Kept>(1)?.lease.holder))).collect()
}

/// Without what it waits for, and what waits for it.
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
        blockers: 0,
        blocks: 0,
    })
}

#[cfg(test)]
mod tests {
    use boardwire_test_support::{Database, Kind};

    use super::*;
    use crate::{Options, sqlite};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_can_be_claimed_is_asked_once_for_the_board() {
        const PLANS: [Statement; 2] = [
            Statement::new("test.plan", concat!("EXPLAIN QUERY PLAN ", prospects!())),
            Statement::new("test.plan", concat!("EXPLAIN QUERY PLAN ", waiting!())),
        ];
        let fresh = Database::create(Kind::Sqlite).await.unwrap();
        let database = sqlite::open(fresh.url(), &Options::default()).await.unwrap();
        for plan in &PLANS {
            let steps = database.readers().read(move |connection| {
                Box::pin(async move {
                    let rows = connection.fetch_all(plan, &[Value::Text("b")]).await?;
                    rows.iter().map(|row| row.text(3)).collect::<Stored<Vec<_>>>()
                })
            });
            let steps = steps.await.unwrap();
            assert!(steps.iter().all(|step| !step.starts_with("SCAN") && !step.contains("CORRELATED")), "{steps:?}");
        }
        database.close().await;
    }
}
