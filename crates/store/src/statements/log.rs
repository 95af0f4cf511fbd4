//! `events`: the boards' logs.

use std::sync::Arc;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, EventKind, Seq, Timestamp, UserId};
use boardwire_services::storage::{Head, Log, LogEntry, LogRepository, Origin, StorageResult};
use serde_json::value::RawValue;

use crate::{
    connection::Connection,
    database::Database,
    error::broken,
    row::Row,
    statement::{Statement, Value, of_rows},
};

const APPEND: Statement = Statement::new(
    "event.append",
    "INSERT INTO events (board_id, seq, kind, task_id, subject, actor, origin, at, envelope)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);

/// In the order of `seq`, so that the row ids rise with it.
const APPEND_ALL: Statement = of_rows!(
    "event.append_all",
    "INSERT INTO events (board_id, seq, kind, task_id, subject, actor, origin, at, envelope)
     SELECT item.value ->> 0, CAST(item.value ->> 1 AS BIGINT), item.value ->> 2, item.value ->> 3, item.value ->> 4,
        item.value ->> 5, CAST(item.value ->> 6 AS BIGINT), CAST(item.value ->> 7 AS BIGINT), item.value ->> 8
     FROM",
    "ORDER BY CAST(item.value ->> 1 AS BIGINT)"
);

/// A single statement, so that it reads one state: a row for each member, or one row without a member.
const HEAD: Statement = Statement::new(
    "event.head",
    "SELECT boards.seq, boards.epoch, (SELECT MIN(seq) FROM events WHERE board_id = $1), members.user_id
     FROM boards LEFT JOIN members ON members.board_id = boards.id
     WHERE boards.id = $1
     ORDER BY members.user_id",
);

const READ: Statement = Statement::new(
    "event.read",
    "SELECT board_id, seq, kind, task_id, subject, actor, origin, at, envelope
     FROM events WHERE board_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
);

/// The row id of the oldest event that is not pruned. Reads only the rows up to it.
const FIRST_KEPT: Statement =
    Statement::new("event.first_kept", "SELECT id FROM events WHERE at >= $1 ORDER BY id LIMIT 1");

const PRUNE: Statement = Statement::new(
    "event.prune",
    "DELETE FROM events
     WHERE id IN (SELECT id FROM events WHERE id < $1 ORDER BY id LIMIT $3) AND at < $2",
);

#[async_trait]
impl LogRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.event.append", skip_all)]
    async fn append(&mut self, entry: &LogEntry) -> StorageResult<()> {
        let values = [
            Value::Text(entry.board_id.as_str()),
            Value::number(entry.seq.0),
            Value::Text(entry.kind.name()),
            Value::OptText(entry.task_id.as_ref().map(|task| task.as_str())),
            Value::OptText(entry.subject.as_ref().map(|user| user.as_str())),
            Value::OptText(entry.actor.as_ref().map(|user| user.as_str())),
            Value::OptInt(entry.origin.map(|origin| origin.0)),
            Value::Int(entry.at.0),
            Value::Text(entry.envelope.get()),
        ];
        self.execute_one(&APPEND, &values).await
    }

    #[tracing::instrument(level = "debug", name = "db.event.append_all", skip_all)]
    async fn append_all(&mut self, entries: &[Arc<LogEntry>]) -> StorageResult<()> {
        let row = |entry: &Arc<LogEntry>| {
            serde_json::json!([
                entry.board_id,
                entry.seq,
                entry.kind.name(),
                entry.task_id,
                entry.subject,
                entry.actor,
                entry.origin.map(|origin| origin.0),
                entry.at.0,
                entry.envelope.get(),
            ])
        };
        let rows: Vec<_> = entries.iter().map(row).collect();
        self.execute_exactly(&APPEND_ALL, rows.len(), &[Value::json(&rows)?]).await
    }
}

#[async_trait]
impl Log for Database {
    #[tracing::instrument(level = "debug", name = "db.event.head", skip_all)]
    async fn head(&self, board: &BoardId) -> StorageResult<Option<Head>> {
        let board = board.clone();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let rows = connection.fetch_all(&HEAD, &[Value::Text(board.as_str())]).await?;
            let Some(first) = rows.first() else { return Ok(None) };
            let seq = first.seq(0)?;
            let oldest = first.opt_number(2)?.map_or(seq.next(), Seq);
            let members: Vec<UserId> =
                rows.iter().filter_map(|row| row.opt_id(3).transpose()).collect::<StorageResult<_>>()?;
            Ok(Some(Head { seq, oldest, epoch: first.id(1)?, members }))
        })
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.event.read", skip_all)]
    async fn read(&self, board: &BoardId, after: Seq, limit: u32) -> StorageResult<Vec<Arc<LogEntry>>> {
        let board = board.clone();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let values = [Value::Text(board.as_str()), Value::number(after.0), Value::Int(limit.into())];
            let rows = connection.fetch_all(&READ, &values).await?;
            rows.iter().map(|row| read_entry(row).map(Arc::new)).collect()
        })
        .await
    }
}

/// Returns the row id before which all events are older than `before`. Row ids rise with time, and on one board with
/// `seq`, so that pruning always removes the beginning of a log. If the clock once ran ahead, events are kept longer,
/// never shorter.
#[tracing::instrument(level = "debug", name = "db.event.first_kept", skip_all)]
pub(super) async fn first_kept(connection: &mut Connection<'_>, before: Timestamp) -> StorageResult<i64> {
    let row = connection.fetch_optional(&FIRST_KEPT, &[Value::Int(before.0)]).await?;
    row.map_or(Ok(i64::MAX), |row| row.int(0))
}

/// Deletes at most `limit` events with row ids less than `first_kept`. Returns how many. The time is compared again,
/// because on Postgres an event may have been committed in the meantime with a lower row id than one that was read.
#[tracing::instrument(level = "debug", name = "db.event.prune", skip_all)]
pub(super) async fn prune(
    connection: &mut Connection<'_>,
    first_kept: i64,
    before: Timestamp,
    limit: u32,
) -> StorageResult<u64> {
    connection.execute(&PRUNE, &[Value::Int(first_kept), Value::Int(before.0), Value::Int(limit.into())]).await
}

fn read_entry(row: &Row) -> StorageResult<LogEntry> {
    Ok(LogEntry {
        board_id: row.id(0)?,
        seq: row.seq(1)?,
        kind: row.named(2, EventKind::from_name)?,
        task_id: row.opt_id(3)?,
        subject: row.opt_id(4)?,
        actor: row.opt_id(5)?,
        origin: row.opt_int(6)?.map(Origin),
        at: row.time(7)?,
        envelope: RawValue::from_string(row.text(8)?).map_err(|error| broken(READ.name, error))?,
    })
}
