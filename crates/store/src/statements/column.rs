//! Statements on `columns`.

use std::sync::LazyLock;

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Column, ColumnId, Status};
use boardwire_services::storage::{ColumnRepository, ColumnState, StorageResult};

use crate::{
    connection::Connection,
    row::{Ordinal, Row},
    statement::{Statement, Value, insert_into, update},
};

/// The columns, in the order in which [`values`] returns them and [`read`] reads them.
macro_rules! fields {
    () => {
        "id, board_id, name, position, status, wip_limit, version, created_at, updated_at, changed"
    };
}

const FIND: Statement = Statement::new("column.find", concat!("SELECT ", fields!(), " FROM columns WHERE id = $1"));

const LIST: Statement = Statement::new(
    "column.list",
    concat!("SELECT ", fields!(), " FROM columns WHERE board_id = $1 ORDER BY position, id"),
);

static INSERT: LazyLock<Statement> = LazyLock::new(|| insert_into("column.insert", "columns", fields!()));

static SAVE: LazyLock<Statement> =
    LazyLock::new(|| update("column.save", "columns", fields!(), &["board_id", "created_at"]));

const DELETE: Statement = Statement::new("column.delete", "DELETE FROM columns WHERE id = $1");

#[async_trait]
impl ColumnRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.column.find", skip_all)]
    async fn column(&mut self, id: &ColumnId) -> StorageResult<Option<ColumnState>> {
        let row = self.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.column.list", skip_all)]
    async fn columns(&mut self, board: &BoardId) -> StorageResult<Vec<ColumnState>> {
        let rows = self.fetch_all(&LIST, &[Value::Text(board.as_str())]).await?;
        rows.iter().map(read).collect()
    }

    #[tracing::instrument(level = "debug", name = "db.column.insert", skip_all)]
    async fn insert_column(&mut self, state: &ColumnState) -> StorageResult<bool> {
        Ok(self.execute(&INSERT, &values(state)?).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.column.save", skip_all)]
    async fn save_column(&mut self, state: &ColumnState) -> StorageResult<()> {
        self.execute_one(&SAVE, &values(state)?).await
    }

    #[tracing::instrument(level = "debug", name = "db.column.delete", skip_all)]
    async fn delete_column(&mut self, id: &ColumnId) -> StorageResult<()> {
        self.execute_one(&DELETE, &[Value::Text(id.as_str())]).await
    }
}

/// Returns the parameters of [`INSERT`] and [`SAVE`].
fn values(state: &ColumnState) -> StorageResult<Vec<Value<'_>>> {
    let column = &state.column;
    Ok(vec![
        Value::Text(column.id.as_str()),
        Value::Text(column.board_id.as_str()),
        Value::Text(&column.name),
        Value::Text(&column.position),
        Value::OptText(column.status.map(Status::name)),
        Value::OptInt(column.wip_limit.map(i64::from)),
        Value::number(column.version),
        Value::Int(column.created_at.0),
        Value::Int(column.updated_at.0),
        Value::json(&state.changed)?,
    ])
}

fn read(row: &Row) -> StorageResult<ColumnState> {
    let at = &mut Ordinal::default();
    let column = Column {
        id: row.id(at.next())?,
        board_id: row.id(at.next())?,
        name: row.text(at.next())?,
        position: row.text(at.next())?,
        status: row.opt_named(at.next(), Status::from_name)?,
        wip_limit: row.opt_number(at.next())?,
        version: row.number(at.next())?,
        created_at: row.time(at.next())?,
        updated_at: row.time(at.next())?,
    };
    Ok(ColumnState { column, changed: row.json(at.next())? })
}
