//! A connection of any kind, which runs statements and units of work.
//!
//! SQLite's single writer uses rusqlite, in the calling thread. SQLite's readers, and Postgres, use sqlx. sqlx hands
//! each statement for SQLite to another thread, and for a unit of work of eight statements this switching costs ten
//! times as much as the statements themselves.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use boardwire_services::{
    ServiceError,
    storage::{BoxFuture, StorageResult},
};
use futures_util::FutureExt as _;
use sqlx::{
    Arguments, AssertSqlSafe, Executor, PgConnection, Postgres, Sqlite, SqliteConnection, postgres::PgArguments,
    query_with, raw_sql, sqlite::SqliteArguments,
};
use tokio::time::timeout;

use crate::{
    error::{DriverError, broken, driver_error, unavailable},
    row::Row,
    rusqlite_exec,
    statement::{Statement, Value},
};

/// What a unit of work does on its connection. It does not begin or end the transaction.
pub(crate) type Body<T> =
    Box<dyn for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Result<T, ServiceError>> + Send>;

/// The name of a unit of work in messages.
pub(crate) const UNIT: &str = "unit of work";

/// The kind of database, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A driver's connection.
enum Link<'c> {
    Writer(&'c mut rusqlite::Connection),
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A connection, borrowed for one read or one unit of work. After a statement has failed, all further ones are refused,
/// so that code that ignores the failure can't continue outside the transaction that the database has already ended.
pub(crate) struct Connection<'c> {
    link: Link<'c>,
    failed: bool,
    /// The time from which statements are refused.
    until: Option<Instant>,
}

impl<'c> Connection<'c> {
    pub(crate) fn writer(connection: &'c mut rusqlite::Connection) -> Self {
        Self { link: Link::Writer(connection), failed: false, until: None }
    }

    /// Creates a connection of the writer that refuses statements from a certain time on. A unit of work on the
    /// writer's thread never yields, so nothing else could end it.
    pub(crate) fn writer_until(connection: &'c mut rusqlite::Connection, until: Instant) -> Self {
        Self { until: Some(until), ..Self::writer(connection) }
    }

    pub(crate) fn sqlite(connection: &'c mut SqliteConnection) -> Self {
        Self { link: Link::Sqlite(connection), failed: false, until: None }
    }

    pub(crate) fn postgres(connection: &'c mut PgConnection) -> Self {
        Self { link: Link::Postgres(connection), failed: false, until: None }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.link {
            Link::Writer(_) | Link::Sqlite(_) => Dialect::Sqlite,
            Link::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs the body of a unit of work, within a time limit and catching its panics. After `Ok` the transaction is to be
    /// committed, after `Err` to be rolled back.
    pub(crate) async fn run_unit<T>(&mut self, body: Body<T>, limit: Duration) -> Result<T, ServiceError> {
        let guarded = AssertUnwindSafe(async { body(&mut *self).await }).catch_unwind();
        let outcome = match timeout(limit, guarded).await {
            Ok(Ok(outcome)) => outcome?,
            Ok(Err(panic)) => return Err(broken(UNIT, format_args!("panicked: {}", panic_message(&*panic))).into()),
            Err(_) => return Err(unavailable(UNIT, format_args!("took longer than {limit:?}")).into()),
        };
        if self.failed {
            return Err(broken(UNIT, "went on after a failed statement").into());
        }
        Ok(outcome)
    }

    /// Runs a statement. Returns how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: &Statement, values: &[Value<'_>]) -> StorageResult<u64> {
        self.check_usable(statement)?;
        let done = match &mut self.link {
            Link::Writer(link) => rusqlite_exec::execute(link, statement.sqlite, values).map_err(DriverError::from),
            Link::Sqlite(link) => {
                let query = query_with::<Sqlite, _>(statement.sqlite, sqlite_arguments(statement, values)?);
                link.execute(query).await.map(|done| done.rows_affected()).map_err(DriverError::from)
            }
            Link::Postgres(link) => {
                let query = query_with::<Postgres, _>(statement.postgres, postgres_arguments(statement, values)?);
                link.execute(query).await.map(|done| done.rows_affected()).map_err(DriverError::from)
            }
        };
        self.record_failure(statement, done)
    }

    /// Runs a statement that has to change exactly one row.
    pub(crate) async fn execute_one(&mut self, statement: &Statement, values: &[Value<'_>]) -> StorageResult<()> {
        self.execute_exactly(statement, 1, values).await
    }

    /// Runs a statement that has to change exactly this many rows.
    pub(crate) async fn execute_exactly(
        &mut self,
        statement: &Statement,
        rows: usize,
        values: &[Value<'_>],
    ) -> StorageResult<()> {
        let affected = self.execute(statement, values).await?;
        if affected != rows as u64 {
            return Err(broken(statement.name, format_args!("changed {affected} rows instead of {rows}")));
        }
        Ok(())
    }

    /// Runs a statement and returns all rows.
    pub(crate) async fn fetch_all(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> StorageResult<Vec<Row>> {
        self.check_usable(statement)?;
        let rows = match &mut self.link {
            Link::Writer(link) => {
                let rows = rusqlite_exec::fetch(link, statement.sqlite, values, usize::MAX).map_err(DriverError::from);
                rows.map(|rows| rows.into_iter().map(|row| Row::rusqlite(statement.name, row)).collect())
            }
            Link::Sqlite(link) => {
                let query = query_with::<Sqlite, _>(statement.sqlite, sqlite_arguments(statement, values)?);
                let rows = link.fetch_all(query).await.map_err(DriverError::from);
                rows.map(|rows| rows.into_iter().map(|row| Row::sqlite(statement.name, row)).collect())
            }
            Link::Postgres(link) => {
                let query = query_with::<Postgres, _>(statement.postgres, postgres_arguments(statement, values)?);
                let rows = link.fetch_all(query).await.map_err(DriverError::from);
                rows.map(|rows| rows.into_iter().map(|row| Row::postgres(statement.name, row)).collect())
            }
        };
        self.record_failure(statement, rows)
    }

    /// Runs a statement and returns the first row. Not for statements that change rows: SQLite would stop after the
    /// first one.
    pub(crate) async fn fetch_optional(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> StorageResult<Option<Row>> {
        self.check_usable(statement)?;
        let row = match &mut self.link {
            Link::Writer(link) => {
                let rows = rusqlite_exec::fetch(link, statement.sqlite, values, 1).map_err(DriverError::from);
                rows.map(|mut rows| rows.pop().map(|row| Row::rusqlite(statement.name, row)))
            }
            Link::Sqlite(link) => {
                let query = query_with::<Sqlite, _>(statement.sqlite, sqlite_arguments(statement, values)?);
                let row = link.fetch_optional(query).await.map_err(DriverError::from);
                row.map(|row| row.map(|row| Row::sqlite(statement.name, row)))
            }
            Link::Postgres(link) => {
                let query = query_with::<Postgres, _>(statement.postgres, postgres_arguments(statement, values)?);
                let row = link.fetch_optional(query).await.map_err(DriverError::from);
                row.map(|row| row.map(|row| Row::postgres(statement.name, row)))
            }
        };
        self.record_failure(statement, row)
    }

    /// Runs a statement that always returns a row, and returns it.
    pub(crate) async fn fetch_one(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> StorageResult<Row> {
        let row = self.fetch_optional(statement, values).await?;
        row.ok_or_else(|| broken(statement.name, "no row"))
    }

    /// Runs a script of this crate: statements separated by semicolons.
    pub(crate) async fn run_script(&mut self, script: String) -> Result<(), DriverError> {
        match &mut self.link {
            Link::Writer(link) => link.execute_batch(&script)?,
            Link::Sqlite(link) => link.execute(raw_sql(AssertSqlSafe(script))).await.map(drop)?,
            Link::Postgres(link) => link.execute(raw_sql(AssertSqlSafe(script))).await.map(drop)?,
        }
        Ok(())
    }

    /// Refuses the statement if an earlier one has failed or the time is over.
    fn check_usable(&mut self, statement: &Statement) -> StorageResult<()> {
        if self.failed {
            return Err(broken(statement.name, "an earlier statement of this unit of work has failed"));
        }
        if self.until.is_some_and(|until| Instant::now() >= until) {
            self.failed = true;
            return Err(unavailable(statement.name, "the unit of work took too long"));
        }
        Ok(())
    }

    fn record_failure<T>(&mut self, statement: &Statement, result: Result<T, DriverError>) -> StorageResult<T> {
        self.failed |= result.is_err();
        result.map_err(|error| driver_error(statement.name, error))
    }
}

/// Returns the message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn sqlite_arguments(statement: &Statement, values: &[Value<'_>]) -> StorageResult<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        value.add_to(&mut arguments).map_err(|error| broken(statement.name, error))?;
    }
    Ok(arguments)
}

fn postgres_arguments(statement: &Statement, values: &[Value<'_>]) -> StorageResult<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        value.add_to(&mut arguments).map_err(|error| broken(statement.name, error))?;
    }
    Ok(arguments)
}
