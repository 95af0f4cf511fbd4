//! `columns`.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Column, ColumnId, Status};
use boardwire_services::storage::{ColumnRepository, ColumnState, StorageResult};

use crate::{
    connection::Connection,
    row::Row,
    statement::{Statement, Value},
};

/// The columns. Their order numbers the parameters of [`INSERT`] and [`SAVE`], and, from 0, the columns that
/// are read.
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

const INSERT: Statement = Statement::new(
    "column.insert",
    concat!(
        "INSERT INTO columns (",
        fields!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
    ),
);

const SAVE: Statement = Statement::new(
    "column.save",
    "UPDATE columns SET name = $3, position = $4, status = $5, wip_limit = $6, version = $7, updated_at = $9,
        changed = $10
     WHERE id = $1",
);

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
fn values(state: &ColumnState) -> StorageResult<[Value<'_>; 10]> {
    let column = &state.column;
    Ok([
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
    let column = Column {
        id: row.id(0)?,
        board_id: row.id(1)?,
        name: row.text(2)?,
        position: row.text(3)?,
        status: row.opt_named(4, Status::from_name)?,
        wip_limit: row.opt_number(5)?,
        version: row.number(6)?,
        created_at: row.time(7)?,
        updated_at: row.time(8)?,
    };
    Ok(ColumnState { column, changed: row.json(9)? })
}
