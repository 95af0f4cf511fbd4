//! A row from either database, read by the index of the column. A value that does not have the expected type is broken
//! data; the error names the statement and the column.

use std::fmt::Display;

use boardwire_protocol::{Seq, Timestamp};
use boardwire_services::storage::{StorageError, StorageResult};
use serde::de::DeserializeOwned;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use crate::error::broken;

enum Data {
    /// From rusqlite, which the writer uses.
    Rusqlite(Vec<rusqlite::types::Value>),
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Numbers the columns of a row that is read in order, from 0.
#[derive(Default)]
pub(crate) struct Ordinal(usize);

impl Ordinal {
    /// Returns the index of the next column.
    pub(crate) fn next(&mut self) -> usize {
        self.0 += 1;
        self.0 - 1
    }
}

/// A row, and the name of the statement that returned it.
pub(crate) struct Row {
    statement: &'static str,
    data: Data,
}

impl Row {
    pub(crate) fn rusqlite(statement: &'static str, columns: Vec<rusqlite::types::Value>) -> Self {
        Self { statement, data: Data::Rusqlite(columns) }
    }

    pub(crate) fn sqlite(statement: &'static str, row: SqliteRow) -> Self {
        Self { statement, data: Data::Sqlite(row) }
    }

    pub(crate) fn postgres(statement: &'static str, row: PgRow) -> Self {
        Self { statement, data: Data::Postgres(row) }
    }

    pub(crate) fn opt_str(&self, at: usize) -> StorageResult<Option<&str>> {
        let text = match &self.data {
            Data::Rusqlite(columns) => match columns.get(at) {
                Some(rusqlite::types::Value::Text(text)) => Ok(Some(text.as_str())),
                Some(rusqlite::types::Value::Null) => Ok(None),
                _ => return Err(self.bad_value(at, "not text")),
            },
            Data::Sqlite(row) => row.try_get(at),
            Data::Postgres(row) => row.try_get(at),
        };
        text.map_err(|error| broken(self.statement, error))
    }

    pub(crate) fn opt_int(&self, at: usize) -> StorageResult<Option<i64>> {
        let int = match &self.data {
            Data::Rusqlite(columns) => match columns.get(at) {
                Some(rusqlite::types::Value::Integer(int)) => Ok(Some(*int)),
                Some(rusqlite::types::Value::Null) => Ok(None),
                _ => return Err(self.bad_value(at, "not an integer")),
            },
            Data::Sqlite(row) => row.try_get(at),
            Data::Postgres(row) => row.try_get(at),
        };
        int.map_err(|error| broken(self.statement, error))
    }

    pub(crate) fn str(&self, at: usize) -> StorageResult<&str> {
        self.not_null(at, self.opt_str(at)?)
    }

    pub(crate) fn int(&self, at: usize) -> StorageResult<i64> {
        self.not_null(at, self.opt_int(at)?)
    }

    pub(crate) fn text(&self, at: usize) -> StorageResult<String> {
        self.str(at).map(str::to_owned)
    }

    pub(crate) fn opt_text(&self, at: usize) -> StorageResult<Option<String>> {
        Ok(self.opt_str(at)?.map(str::to_owned))
    }

    /// Returns an id.
    pub(crate) fn id<'r, T>(&'r self, at: usize) -> StorageResult<T>
    where
        T: TryFrom<&'r str, Error: Display>,
    {
        T::try_from(self.str(at)?).map_err(|error| self.bad_value(at, error))
    }

    /// Returns an id, or `None` for NULL.
    pub(crate) fn opt_id<'r, T>(&'r self, at: usize) -> StorageResult<Option<T>>
    where
        T: TryFrom<&'r str, Error: Display>,
    {
        self.opt_str(at)?.map(T::try_from).transpose().map_err(|error| self.bad_value(at, error))
    }

    /// Returns a count or a version, as any type of integer.
    pub(crate) fn number<T>(&self, at: usize) -> StorageResult<T>
    where
        T: TryFrom<i64, Error: Display>,
    {
        T::try_from(self.int(at)?).map_err(|error| self.bad_value(at, error))
    }

    /// Returns a number, or `None` for NULL.
    pub(crate) fn opt_number<T>(&self, at: usize) -> StorageResult<Option<T>>
    where
        T: TryFrom<i64, Error: Display>,
    {
        self.opt_int(at)?.map(T::try_from).transpose().map_err(|error| self.bad_value(at, error))
    }

    pub(crate) fn seq(&self, at: usize) -> StorageResult<Seq> {
        self.number(at).map(Seq)
    }

    pub(crate) fn time(&self, at: usize) -> StorageResult<Timestamp> {
        self.int(at).map(Timestamp)
    }

    pub(crate) fn opt_time(&self, at: usize) -> StorageResult<Option<Timestamp>> {
        Ok(self.opt_int(at)?.map(Timestamp))
    }

    /// Returns a value that is stored as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, at: usize) -> StorageResult<T> {
        serde_json::from_str(self.str(at)?).map_err(|error| self.bad_value(at, error))
    }

    /// Returns a value that is stored as its name.
    pub(crate) fn named<T>(&self, at: usize, from_name: fn(&str) -> Option<T>) -> StorageResult<T> {
        let name = self.str(at)?;
        from_name(name).ok_or_else(|| self.bad_value(at, format_args!("the unknown name {name:?}")))
    }

    /// Returns a value that is stored as its name, or `None` for NULL.
    pub(crate) fn opt_named<T>(&self, at: usize, from_name: fn(&str) -> Option<T>) -> StorageResult<Option<T>> {
        self.opt_str(at)?.map(|_| self.named(at, from_name)).transpose()
    }

    fn not_null<T>(&self, at: usize, value: Option<T>) -> StorageResult<T> {
        value.ok_or_else(|| self.bad_value(at, "NULL"))
    }

    fn bad_value(&self, at: usize, problem: impl Display) -> StorageError {
        broken(self.statement, format_args!("column {at} has a bad value: {problem}"))
    }
}
