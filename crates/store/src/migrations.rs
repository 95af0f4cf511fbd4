//! The versions of the schema. Each script serves both databases; `{tokens}` in it stand for the differences.

use boardwire_services::storage::StorageError;

use crate::{
    connection::{Connection, Dialect},
    error::driver_error,
    open_error::OpenError,
    statement::Statement,
};

/// The scripts in `migrations/` with their versions. To change the schema, add one. Never change one that has been
/// released.
const SCRIPTS: &[(i64, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations
    (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

const CURRENT_VERSION: Statement =
    Statement::new("migrations.current", "SELECT COALESCE(MAX(version), 0) FROM schema_migrations");

/// If several programs start at once, one migrates and the others wait for it, for longer than they usually wait for a
/// lock. The number is the first eight letters of the program's name in ASCII.
const POSTGRES_LOCK: &str = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0;
    SELECT pg_advisory_xact_lock(x'426F617264776972'::bigint)";

/// Returns each token and its replacement.
fn tokens(dialect: Dialect) -> [(&'static str, &'static str); 7] {
    match dialect {
        Dialect::Sqlite => [
            ("{auto_id}", "INTEGER PRIMARY KEY"),
            ("{ordered_text}", "TEXT"),
            ("{now}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
            ("{teams_of_user}", "json_each(users.teams) AS team"),
            ("{word_index}", include_str!("../migrations/0003_words_sqlite.sql")),
            ("{words_by_board}", include_str!("../migrations/0005_words_sqlite.sql")),
            ("{note_leftovers}", include_str!("../migrations/0009_leftovers_sqlite.sql")),
        ],
        // Text is compared and sorted by its bytes, as on SQLite, whatever the database's locale.
        Dialect::Postgres => [
            ("{auto_id}", "BIGSERIAL PRIMARY KEY"),
            ("{ordered_text}", "TEXT COLLATE \"C\""),
            ("{now}", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
            ("{teams_of_user}", "json_array_elements_text(CAST(users.teams AS json)) AS team(value)"),
            ("{word_index}", include_str!("../migrations/0003_words_postgres.sql")),
            ("{words_by_board}", "SELECT 1"),
            ("{note_leftovers}", include_str!("../migrations/0009_leftovers_postgres.sql")),
        ],
    }
}

/// Brings the schema up to date, within the connection's transaction.
#[tracing::instrument(level = "debug", name = "db.migrate", skip_all)]
pub(crate) async fn migrate(connection: &mut Connection<'_>) -> Result<(), OpenError> {
    if connection.dialect() == Dialect::Postgres {
        connection
            .run_script(POSTGRES_LOCK.to_owned())
            .await
            .map_err(|error| driver_error("waiting to migrate", error))?;
    }
    connection
        .run_script(CREATE_TABLE.to_owned())
        .await
        .map_err(|error| driver_error("preparing to migrate", error))?;
    let found: i64 = connection.fetch_one(&CURRENT_VERSION, &[]).await?.number(0)?;
    let newest = SCRIPTS.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if found > newest {
        return Err(OpenError::Newer { database: found, program: newest });
    }
    for (version, script) in SCRIPTS.iter().filter(|(version, _)| *version > found) {
        let script = for_dialect(*version, script, connection.dialect());
        let done = connection.run_script(script).await;
        done.map_err(|error| OpenError::Migration { version: *version, error: error.to_string() })?;
        tracing::info!(version, "the schema was brought up to date");
    }
    Ok(())
}

/// Overwrites a value with itself.
const TOUCH: Statement = Statement::new(
    "migrations.touch",
    "UPDATE schema_migrations SET applied_at = applied_at WHERE version = (SELECT MAX(version) FROM schema_migrations)",
);

/// Checks that the schema can be read. This reads a page of the database, so it fails if the database is unreachable.
pub(crate) async fn ping(connection: &mut Connection<'_>) -> Result<(), StorageError> {
    connection.fetch_one(&CURRENT_VERSION, &[]).await.map(drop)
}

/// Checks that the database can be written to.
pub(crate) async fn touch(connection: &mut Connection<'_>) -> Result<(), StorageError> {
    connection.execute(&TOUCH, &[]).await.map(drop)
}

/// Returns the SQL of a script with the replacements for this database, followed by the record of its version.
fn for_dialect(version: i64, script: &str, dialect: Dialect) -> String {
    let script = format!("{script};\nINSERT INTO schema_migrations (version, applied_at) VALUES ({version}, {{now}})");
    tokens(dialect).iter().fold(script, |text, (token, sql)| text.replace(token, sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_consecutive_and_no_token_is_left() {
        for (index, (version, script)) in SCRIPTS.iter().enumerate() {
            assert_eq!(usize::try_from(*version), Ok(index + 1));
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let text = for_dialect(*version, script, dialect);
                assert!(!text.contains(['{', '}']), "{text}");
            }
        }
    }
}
