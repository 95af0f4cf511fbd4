//! Statements on `boards`.

use std::sync::LazyLock;

use async_trait::async_trait;
use boardwire_protocol::{Board, BoardId, ListedBoard, Seq, Timestamp, UserId};
use boardwire_services::storage::{BoardRepository, BoardState, BoardStore, StorageResult};

use crate::{
    connection::Connection,
    database::Database,
    row::{Ordinal, Row},
    statement::{Statement, Value, insert_into, locking, update},
};

/// The columns, in the order in which [`values`] returns them and [`read_listed`] and [`read`] read them.
macro_rules! fields {
    () => {
        "id, name, description, color, team_id, archived, version, created_by, created_at, updated_at, \
         changed_at, seq, epoch, changed"
    };
}

const FIND: Statement = Statement::new("board.find", concat!("SELECT ", fields!(), " FROM boards WHERE id = $1"));

const LOCK: Statement = locking!("board.lock", concat!("SELECT ", fields!(), " FROM boards WHERE id = $1"));

const LIST_ALL: Statement = Statement::new(
    "board.list_all",
    concat!("SELECT ", fields!(), " FROM boards WHERE ($1 IS NULL OR archived = $1) ORDER BY name, id"),
);

const LIST_OF_MEMBER: Statement = Statement::new(
    "board.list_of_member",
    concat!(
        "SELECT ",
        fields!(),
        " FROM boards
         WHERE id IN (SELECT board_id FROM members WHERE user_id = $2) AND ($1 IS NULL OR archived = $1)
         ORDER BY name, id"
    ),
);

static INSERT: LazyLock<Statement> = LazyLock::new(|| insert_into("board.insert", "boards", fields!()));

static SAVE: LazyLock<Statement> =
    LazyLock::new(|| update("board.save", "boards", fields!(), &["created_by", "created_at"]));

const SAVE_SEQ: Statement =
    Statement::new("board.save_seq", "UPDATE boards SET seq = $2, changed_at = $3 WHERE id = $1");

#[async_trait]
impl BoardRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.board.lock", skip_all)]
    async fn lock_board(&mut self, id: &BoardId) -> StorageResult<Option<BoardState>> {
        let row = self.fetch_optional(&LOCK, &[Value::Text(id.as_str())]).await?;
        row.as_ref().map(read).transpose()
    }

    #[tracing::instrument(level = "debug", name = "db.board.insert", skip_all)]
    async fn insert_board(&mut self, state: &BoardState) -> StorageResult<bool> {
        Ok(self.execute(&INSERT, &values(state)?).await? == 1)
    }

    #[tracing::instrument(level = "debug", name = "db.board.save", skip_all)]
    async fn save_board(&mut self, state: &BoardState) -> StorageResult<()> {
        self.execute_one(&SAVE, &values(state)?).await
    }

    #[tracing::instrument(level = "debug", name = "db.board.save_seq", skip_all)]
    async fn save_seq(&mut self, id: &BoardId, seq: Seq, at: Timestamp) -> StorageResult<()> {
        self.execute_one(&SAVE_SEQ, &[Value::Text(id.as_str()), Value::number(seq.0), Value::Int(at.0)]).await
    }
}

#[async_trait]
impl BoardStore for Database {
    async fn board(&self, id: &BoardId) -> StorageResult<Option<Board>> {
        let id = id.clone();
        self.read(
            move |mut reader| async move { Ok(find(&mut reader.connection(), &id).await?.map(|state| state.board)) },
        )
        .await
    }

    #[tracing::instrument(level = "debug", name = "db.board.list", skip_all)]
    async fn boards(&self, member: Option<&UserId>, archived: Option<bool>) -> StorageResult<Vec<ListedBoard>> {
        let member = member.cloned();
        self.read(move |mut reader| async move {
            let connection = &mut reader.connection();
            let archived = Value::OptInt(archived.map(i64::from));
            let rows = match member {
                Some(user) => connection.fetch_all(&LIST_OF_MEMBER, &[archived, Value::Text(user.as_str())]).await?,
                None => connection.fetch_all(&LIST_ALL, &[archived]).await?,
            };
            rows.iter().map(|row| read_listed(row, &mut Ordinal::default())).collect()
        })
        .await
    }
}

#[tracing::instrument(level = "debug", name = "db.board.find", skip_all)]
pub(super) async fn find(connection: &mut Connection<'_>, id: &BoardId) -> StorageResult<Option<BoardState>> {
    let row = connection.fetch_optional(&FIND, &[Value::Text(id.as_str())]).await?;
    row.as_ref().map(read).transpose()
}

/// Returns the parameters of [`INSERT`] and [`SAVE`].
fn values(state: &BoardState) -> StorageResult<Vec<Value<'_>>> {
    let board = &state.board;
    Ok(vec![
        Value::Text(board.id.as_str()),
        Value::Text(&board.name),
        Value::Text(&board.description),
        Value::OptText(board.color.as_deref()),
        Value::OptText(board.team_id.as_ref().map(|team| team.as_str())),
        Value::Int(board.archived.into()),
        Value::number(board.version),
        Value::Text(board.created_by.as_str()),
        Value::Int(board.created_at.0),
        Value::Int(board.updated_at.0),
        Value::Int(state.changed_at.0),
        Value::number(state.seq.0),
        Value::Text(state.epoch.as_str()),
        Value::json(&state.changed)?,
    ])
}

fn read_listed(row: &Row, at: &mut Ordinal) -> StorageResult<ListedBoard> {
    let board = Board {
        id: row.id(at.next())?,
        name: row.text(at.next())?,
        description: row.text(at.next())?,
        color: row.opt_text(at.next())?,
        team_id: row.opt_id(at.next())?,
        archived: row.int(at.next())? != 0,
        version: row.number(at.next())?,
        created_by: row.id(at.next())?,
        created_at: row.time(at.next())?,
        updated_at: row.time(at.next())?,
    };
    Ok(ListedBoard { board, changed_at: row.time(at.next())? })
}

fn read(row: &Row) -> StorageResult<BoardState> {
    let at = &mut Ordinal::default();
    let ListedBoard { board, changed_at } = read_listed(row, at)?;
    Ok(BoardState {
        board,
        changed_at,
        seq: row.seq(at.next())?,
        epoch: row.id(at.next())?,
        changed: row.json(at.next())?,
    })
}
