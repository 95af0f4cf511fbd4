//! Full-text search. Each database has its own kind of index; [`search_terms`](crate::search_terms) describes SQLite's.

use async_trait::async_trait;
use boardwire_protocol::Status;
use boardwire_services::storage::{Match, SearchStore, StorageResult, WantedMatches};

use crate::{
    connection::{Connection, Dialect},
    database::Database,
    row::Row,
    search_terms::{letters_and_digits, match_on_board},
    statement::{Statement, Value},
};

/// How many of the newest texts are ranked at most: on SQLite for each query, on Postgres of tasks and comments each.
const MAX_RANKED: u32 = 1_000;

/// How many terms a single query of SQLite's index may have. Further boards are left to the next query.
const MAX_TERMS: usize = 256;

/// The numbers of boards, by which SQLite's index is searched. `$1` is the board, or NULL for all that are not
/// archived. Boards that changed last come first.
macro_rules! board_numbers {
    ($name:literal, $from:literal, $readable:literal) => {
        Statement::new(
            $name,
            concat!(
                "SELECT board_numbers.id FROM ",
                $from,
                " JOIN board_numbers ON board_numbers.board_id = boards.id
                  WHERE ",
                $readable,
                " AND ($1 IS NULL OR boards.id = $1) AND ($1 IS NOT NULL OR boards.archived = 0)
                  ORDER BY boards.changed_at DESC, boards.id"
            ),
        )
    };
}

const BOARD_NUMBERS: Statement = board_numbers!("words.numbers", "boards", "1 = 1");
const BOARD_NUMBERS_OF_MEMBER: Statement = board_numbers!(
    "words.numbers_of_member",
    "members JOIN boards ON boards.id = members.board_id",
    "members.user_id = $2"
);

/// The newest documents (a task's text or a comment) with their rank; lower is better. It is scaled up because ranks of
/// very common words differ by millionths. To take the best instead of the newest, all matches would have to be ranked.
const RANK: Statement = Statement::new(
    "words.weigh",
    "SELECT id, CAST(fitness * 1e12 AS INTEGER)
     FROM (SELECT rowid AS id, bm25(words, 4.0, 1.0) AS fitness
           FROM words WHERE words MATCH $1 ORDER BY rowid DESC LIMIT $2)",
);

const DOCUMENTS: Statement = Statement::new(
    "words.documents",
    "SELECT tasks.id, tasks.board_id, tasks.title, tasks.status, COALESCE(comments.body, tasks.description), \
        documents.comment_id
     FROM json_each($1) AS wanted CROSS JOIN documents ON documents.id = wanted.value
        CROSS JOIN tasks ON tasks.id = documents.task_id
        LEFT JOIN comments ON comments.id = documents.comment_id
     ORDER BY wanted.key",
);

/// For Postgres. The newest texts are chosen by `created_at`, which has no index: to sort by id, Postgres might walk
/// through all tasks.
const MATCHES: Statement = Statement::new(
    "words.matches",
    "WITH mine AS MATERIALIZED (
        SELECT boards.id FROM boards
        WHERE ($1 IS NULL OR EXISTS (
                SELECT 1 FROM members WHERE members.board_id = boards.id AND members.user_id = $1))
            AND ($2 IS NULL OR boards.id = $2) AND ($2 IS NOT NULL OR boards.archived = 0)
     ), found AS (
        (SELECT id AS task_id, NULL AS comment_id, words FROM tasks
         WHERE words @@ to_tsquery('simple', $3) AND board_id IN (SELECT id FROM mine)
         ORDER BY created_at DESC, id DESC LIMIT $5)
        UNION ALL
        (SELECT task_id, id, words FROM comments
         WHERE words @@ to_tsquery('simple', $3) AND board_id IN (SELECT id FROM mine)
         ORDER BY created_at DESC, id DESC LIMIT $5)
     ), best AS (
        SELECT task_id, comment_id, ts_rank(words, to_tsquery('simple', $3)) AS fitness FROM found
        ORDER BY fitness DESC, task_id DESC, comment_id DESC LIMIT $4
     )
     SELECT tasks.id, tasks.board_id, tasks.title, tasks.status, COALESCE(comments.body, tasks.description), \
        best.comment_id
     FROM best JOIN tasks ON tasks.id = best.task_id LEFT JOIN comments ON comments.id = best.comment_id
     ORDER BY best.fitness DESC, best.task_id DESC, best.comment_id DESC",
);

#[async_trait]
impl SearchStore for Database {
    async fn matches(&self, wanted: &WantedMatches) -> StorageResult<Vec<Match>> {
        let wanted = wanted.clone();
        self.readers().search(move |connection| Box::pin(async move { matches(connection, &wanted).await })).await
    }
}

/// Returns the best of the newest texts that contain all of the words (the last may be the beginning of one), best
/// first. The connection must be in a transaction that sees one state.
#[tracing::instrument(level = "debug", name = "db.words.matches", skip_all)]
pub(crate) async fn matches(connection: &mut Connection<'_>, wanted: &WantedMatches) -> StorageResult<Vec<Match>> {
    let rows = match connection.dialect() {
        Dialect::Sqlite => {
            let best = best_documents(connection, wanted).await?;
            connection.fetch_all(&DOCUMENTS, &[Value::json(&best)?]).await?
        }
        Dialect::Postgres => {
            let query: Vec<_> = wanted.words.iter().map(|word| format!("'{}'", letters_and_digits(word))).collect();
            let values = [
                Value::OptText(wanted.reader.as_ref().map(|user| user.as_str())),
                Value::OptText(wanted.board.as_ref().map(|board| board.as_str())),
                Value::OwnedText(query.join(" & ") + ":*"),
                Value::Int(wanted.limit.into()),
                Value::Int(MAX_RANKED.into()),
            ];
            connection.fetch_all(&MATCHES, &values).await?
        }
    };
    rows.iter().map(read).collect()
}

/// Returns the ids of the documents that match best, best first. Searches a batch of boards at a time, and stops when
/// it has found enough.
async fn best_documents(connection: &mut Connection<'_>, wanted: &WantedMatches) -> StorageResult<Vec<i64>> {
    let board = Value::OptText(wanted.board.as_ref().map(|board| board.as_str()));
    let numbers = match &wanted.reader {
        Some(user) => connection.fetch_all(&BOARD_NUMBERS_OF_MEMBER, &[board, Value::Text(user.as_str())]).await?,
        None => connection.fetch_all(&BOARD_NUMBERS, &[board]).await?,
    };
    let mut ranked = Vec::new();
    for numbers in numbers.chunks((MAX_TERMS / wanted.words.len().max(1)).max(1)) {
        let boards: Vec<_> =
            numbers.iter().map(|row| Ok(match_on_board(&wanted.words, row.int(0)?))).collect::<StorageResult<_>>()?;
        let values = [Value::OwnedText(boards.join(" OR ")), Value::Int(MAX_RANKED.into())];
        for row in connection.fetch_all(&RANK, &values).await? {
            ranked.push((row.int(1)?, std::cmp::Reverse(row.int(0)?)));
        }
        if ranked.len() >= MAX_RANKED as usize {
            break;
        }
    }
    ranked.sort_unstable();
    Ok(ranked.into_iter().take(wanted.limit as usize).map(|(_, id)| id.0).collect())
}

fn read(row: &Row) -> StorageResult<Match> {
    Ok(Match {
        task_id: row.id(0)?,
        board_id: row.id(1)?,
        title: row.text(2)?,
        status: row.named(3, Status::from_name)?,
        text: row.text(4)?,
        comment_id: row.opt_id(5)?,
    })
}
