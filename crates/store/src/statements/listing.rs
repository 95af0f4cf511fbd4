//! Lists of tasks, page by page, and the index of words. That index is each engine's own, so its statement stands twice.

use boardwire_protocol::{Status, Task, TaskId};
use boardwire_services::storage::{Match, Stored, WantedMatches, WantedTasks};

use super::task::{fields, read_task};
use crate::{
    connection::{Connection, Statement, Value},
    row::Row,
};

/// `$1` is who reads, or NULL for somebody who may read every board; `$2` is the board, or NULL for all that are not
/// archived.
macro_rules! readable {
    () => {
        "tasks.board_id IN (
            SELECT boards.id FROM boards
            WHERE ($1 IS NULL OR EXISTS (
                    SELECT 1 FROM members WHERE members.board_id = boards.id AND members.user_id = $1))
                AND ($2 IS NULL OR boards.id = $2) AND ($2 IS NOT NULL OR boards.archived = 0))"
    };
}

/// A page of tasks, by id. What a page is narrowed down by stands first, so that an index can be used for it.
macro_rules! page {
    ($name:literal, $narrowed:literal) => {
        Statement::with_dialects(
            $name,
            page!(@ $narrowed, "json_each(tasks.tags) AS tag"),
            page!(@ $narrowed, "json_array_elements_text(CAST(tasks.tags AS json)) AS tag(value)"),
        )
    };
    (@ $narrowed:literal, $tags:literal) => {
        concat!(
            "SELECT ", fields!(), " FROM tasks
             WHERE ", $narrowed, " AND id > $9 AND ", readable!(), "
                AND ($3 IS NULL OR column_id = $3) AND ($4 IS NULL OR status = $4)
                AND ($5 IS NULL OR assignee = $5) AND ($6 IS NULL OR updated_at >= $6)
                AND ($7 IS NULL OR CASE WHEN lease_expires_at > $8 THEN 1 ELSE 0 END = $7)
                AND ($10 IS NULL OR EXISTS (SELECT 1 FROM ", $tags, " WHERE tag.value = $10))
             ORDER BY id LIMIT $11"
        )
    };
}

const PAGE: Statement = page!("task.page", "1 = 1");
const PAGE_OF_BOARD: Statement = page!("task.page_of_board", "board_id = $2");
const PAGE_OF_ASSIGNEE: Statement = page!("task.page_of_assignee", "assignee = $5");

/// `$3` is what is looked for, in the engine's own language. SQLite takes CROSS JOIN as an order: begun with the tasks, it
/// would look into the index once for each.
const MATCHES: Statement = Statement::with_dialects(
    "task.matches",
    concat!(
        "SELECT tasks.id, tasks.board_id, tasks.title, tasks.status, COALESCE(comments.body, tasks.description), \
            documents.comment_id
         FROM words CROSS JOIN documents ON documents.id = words.rowid
            CROSS JOIN tasks ON tasks.id = documents.task_id
            LEFT JOIN comments ON comments.id = documents.comment_id
         WHERE words MATCH $3 AND ",
        readable!(),
        " ORDER BY bm25(words, 4.0, 1.0), documents.id DESC LIMIT $4"
    ),
    concat!(
        "SELECT tasks.id, tasks.board_id, tasks.title, tasks.status, COALESCE(comments.body, tasks.description), \
            found.comment_id
         FROM (
            SELECT id AS task_id, NULL AS comment_id, ts_rank(words, to_tsquery('simple', $3)) AS fitness
            FROM tasks WHERE words @@ to_tsquery('simple', $3)
            UNION ALL
            SELECT task_id, id, ts_rank(words, to_tsquery('simple', $3))
            FROM comments WHERE words @@ to_tsquery('simple', $3)
         ) AS found JOIN tasks ON tasks.id = found.task_id LEFT JOIN comments ON comments.id = found.comment_id
         WHERE ",
        readable!(),
        " ORDER BY found.fitness DESC, tasks.id DESC, found.comment_id DESC LIMIT $4"
    ),
);

#[tracing::instrument(level = "debug", name = "db.task.page", skip_all)]
pub(crate) async fn page(connection: &mut Connection<'_>, wanted: &WantedTasks<'_>) -> Stored<Vec<Task>> {
    let statement = match wanted {
        WantedTasks { board: Some(_), .. } => &PAGE_OF_BOARD,
        WantedTasks { assignee: Some(_), .. } => &PAGE_OF_ASSIGNEE,
        _ => &PAGE,
    };
    let values = [
        Value::OptText(wanted.reader.map(|user| user.as_str())),
        Value::OptText(wanted.board.map(|board| board.as_str())),
        Value::OptText(wanted.column.map(|column| column.as_str())),
        Value::OptText(wanted.status.map(Status::name)),
        Value::OptText(wanted.assignee.map(|user| user.as_str())),
        Value::OptInt(wanted.updated_since.map(|time| time.0)),
        Value::OptInt(wanted.leased.map(i64::from)),
        Value::Int(wanted.now.0),
        Value::Text(wanted.after.map_or("", TaskId::as_str)),
        Value::OptText(wanted.tag),
        Value::Int(wanted.limit.into()),
    ];
    let rows = connection.fetch_all(statement, &values).await?;
    rows.iter().map(read_task).collect()
}

#[tracing::instrument(level = "debug", name = "db.task.matches", skip_all)]
pub(crate) async fn matches(connection: &mut Connection<'_>, wanted: &WantedMatches<'_>) -> Stored<Vec<Match>> {
    use crate::connection::Dialect;

    let query = match connection.dialect() {
        Dialect::Sqlite => joined(wanted.words, "\"", " ", "*"),
        Dialect::Postgres => joined(wanted.words, "'", " & ", ":*"),
    };
    let values = [
        Value::OptText(wanted.reader.map(|user| user.as_str())),
        Value::OptText(wanted.board.map(|board| board.as_str())),
        Value::Made(query),
        Value::Int(wanted.limit.into()),
    ];
    let rows = connection.fetch_all(&MATCHES, &values).await?;
    rows.iter().map(read).collect()
}

/// All of the words, each in quotes, the last as the beginning of one. What is no letter or digit can't be in a word.
fn joined(words: &[String], quote: &str, and: &str, prefix: &str) -> String {
    let plain = |word: &String| word.chars().filter(|character| character.is_alphanumeric()).collect::<String>();
    let quoted: Vec<_> = words.iter().map(|word| format!("{quote}{}{quote}", plain(word))).collect();
    quoted.join(and) + prefix
}

fn read(row: &Row) -> Stored<Match> {
    Ok(Match {
        task_id: row.id(0)?,
        board_id: row.id(1)?,
        title: row.text(2)?,
        status: row.named(3, Status::from_name)?,
        text: row.text(4)?,
        comment_id: row.opt_id(5)?,
    })
}
