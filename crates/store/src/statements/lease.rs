//! Leases, which are stored in `tasks`, and the unfinished tasks of a board.

use std::collections::HashMap;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Column, ColumnId, Status, TaskId, Timestamp, UserId};
use boardwire_services::storage::{
    BoardWorkload, ColumnRepository as _, ExpiredLease, LeaseRepository, LeaseStore, StorageResult, TaskCandidate,
};

use super::{board, stored_lease::StoredLease};
use crate::{
    connection::Connection,
    database::Database,
    row::Row,
    statement::{Statement, Value},
};

/// The tasks of a board that are not done, by position.
macro_rules! candidates {
    () => {
        "SELECT id, column_id, status, priority, assignee, due_date, tags, lease
         FROM tasks WHERE board_id = $1 AND status <> 'done' ORDER BY position, id"
    };
}

/// The pairs of unfinished tasks of a board of which the second blocks the first.
macro_rules! blocked_pairs {
    () => {
        "SELECT dependencies.task_id, dependencies.depends_on
         FROM dependencies JOIN tasks AS waiting ON waiting.id = dependencies.task_id
            JOIN tasks AS awaited ON awaited.id = dependencies.depends_on
         WHERE dependencies.board_id = $1 AND dependencies.type = 'blocks'
            AND waiting.status <> 'done' AND awaited.status <> 'done'"
    };
}

const CANDIDATES: Statement = Statement::new("lease.candidates", candidates!());
const BLOCKED_PAIRS: Statement = Statement::new("lease.waiting", blocked_pairs!());

const TASK_COUNTS: Statement =
    Statement::new("lease.task_counts", "SELECT column_id, COUNT(*) FROM tasks WHERE board_id = $1 GROUP BY column_id");

const EXPIRED: Statement = Statement::new(
    "lease.expired",
    "SELECT lease_expires_at, id FROM tasks
     WHERE lease_expires_at IS NOT NULL AND lease_expires_at <= $1 AND (lease_expires_at, id) > ($2, $3)
     ORDER BY lease_expires_at, id LIMIT $4",
);

const ON_BOARD: Statement = Statement::new(
    "lease.on_board",
    "SELECT id, lease FROM tasks WHERE board_id = $1 AND lease IS NOT NULL ORDER BY id",
);

#[async_trait]
impl LeaseRepository for Connection<'_> {
    async fn workload(&mut self, board: &BoardId) -> StorageResult<Option<BoardWorkload>> {
        let Some(state) = board::find(self, board).await? else { return Ok(None) };
        let columns: Vec<_> = self.columns(board).await?.into_iter().map(|state| state.column).collect();
        let is_limited = columns.iter().any(|column| column.wip_limit.is_some());
        Ok(Some(BoardWorkload {
            archived: state.board.archived,
            task_counts: if is_limited { task_counts(self, board).await? } else { HashMap::new() },
            candidates: candidates(self, board, &columns).await?,
            columns,
        }))
    }

    #[tracing::instrument(level = "debug", name = "db.lease.on_board", skip_all)]
    async fn leases_on(&mut self, board: &BoardId) -> StorageResult<Vec<(TaskId, UserId)>> {
        let rows = self.fetch_all(&ON_BOARD, &[Value::Text(board.as_str())]).await?;
        rows.iter().map(|row| Ok((row.id(0)?, row.json::<StoredLease>(1)?.lease.holder))).collect()
    }
}

#[async_trait]
impl LeaseStore for Database {
    #[tracing::instrument(level = "debug", name = "db.workload", skip_all)]
    async fn workload(&self, board: &BoardId) -> StorageResult<Option<BoardWorkload>> {
        let board = board.clone();
        self.read_snapshot(move |mut reader| async move { reader.connection().workload(&board).await }).await
    }

    #[tracing::instrument(level = "debug", name = "db.lease.expired", skip_all)]
    async fn expired_leases(
        &self,
        now: Timestamp,
        after: Option<&ExpiredLease>,
        limit: u32,
    ) -> StorageResult<Vec<ExpiredLease>> {
        let after = after.cloned();
        self.read(move |mut reader| async move {
            let (expired_at, task) =
                after.as_ref().map_or((i64::MIN, ""), |after| (after.expired_at.0, after.task.as_str()));
            let values = [Value::Int(now.0), Value::Int(expired_at), Value::Text(task), Value::Int(limit.into())];
            let rows = reader.connection().fetch_all(&EXPIRED, &values).await?;
            rows.iter().map(|row| Ok(ExpiredLease { expired_at: row.time(0)?, task: row.id(1)? })).collect()
        })
        .await
    }
}

/// Returns the tasks that are not done, in the order of these columns, then by position.
#[tracing::instrument(level = "debug", name = "db.lease.candidates", skip_all)]
async fn candidates(
    connection: &mut Connection<'_>,
    board: &BoardId,
    columns: &[Column],
) -> StorageResult<Vec<TaskCandidate>> {
    let rows = connection.fetch_all(&CANDIDATES, &[Value::Text(board.as_str())]).await?;
    let mut candidates = rows.iter().map(read_candidate).collect::<StorageResult<Vec<_>>>()?;
    let order: HashMap<_, _> = columns.iter().enumerate().map(|(index, column)| (&column.id, index)).collect();
    candidates.sort_by_key(|candidate| order.get(&candidate.column_id).copied());
    // For each task, how many block it, and how many it blocks.
    let mut counts: HashMap<TaskId, (u64, u64)> = HashMap::new();
    for row in connection.fetch_all(&BLOCKED_PAIRS, &[Value::Text(board.as_str())]).await? {
        counts.entry(row.id(0)?).or_default().0 += 1;
        counts.entry(row.id(1)?).or_default().1 += 1;
    }
    for candidate in &mut candidates {
        (candidate.blockers, candidate.blocks) = counts.get(&candidate.id).copied().unwrap_or_default();
    }
    Ok(candidates)
}

/// Returns the number of tasks in each column that has any.
#[tracing::instrument(level = "debug", name = "db.lease.task_counts", skip_all)]
async fn task_counts(connection: &mut Connection<'_>, board: &BoardId) -> StorageResult<HashMap<ColumnId, u64>> {
    let rows = connection.fetch_all(&TASK_COUNTS, &[Value::Text(board.as_str())]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

/// Reads a task, without the counts of the tasks that block it and that it blocks.
fn read_candidate(row: &Row) -> StorageResult<TaskCandidate> {
    let stored = StoredLease::read(row, 7)?;
    Ok(TaskCandidate {
        id: row.id(0)?,
        column_id: row.id(1)?,
        status: row.named(2, Status::from_name)?,
        priority: row.number(3)?,
        assignee: row.opt_id(4)?,
        due_date: row.opt_text(5)?,
        tags: row.json(6)?,
        assigned_by_claim: stored.as_ref().is_some_and(|stored| stored.assigned),
        lease: stored.map(|stored| stored.lease),
        blockers: 0,
        blocks: 0,
    })
}

#[cfg(test)]
mod tests {
    use boardwire_test_support::{Database as Fresh, Kind};

    use super::*;
    use crate::{Options, sqlite};

    #[tokio::test(flavor = "multi_thread")]
    async fn candidates_for_a_claim_are_read_without_scans_and_correlated_subqueries() {
        const PLANS: [Statement; 2] = [
            Statement::new("test.plan", concat!("EXPLAIN QUERY PLAN ", candidates!())),
            Statement::new("test.plan", concat!("EXPLAIN QUERY PLAN ", blocked_pairs!())),
        ];
        let fresh = Fresh::create(Kind::Sqlite).await.unwrap();
        let database = sqlite::open(fresh.url(), &Options::default()).await.unwrap();
        for plan in &PLANS {
            let steps = database.readers().read(move |mut reader| async move {
                let rows = reader.connection().fetch_all(plan, &[Value::Text("b")]).await?;
                rows.iter().map(|row| row.text(3)).collect::<StorageResult<Vec<_>>>()
            });
            let steps = steps.await.unwrap();
            assert!(steps.iter().all(|step| !step.starts_with("SCAN") && !step.contains("CORRELATED")), "{steps:?}");
        }
        database.close().await;
    }
}
