//! Statements and their parameters. A statement's text is written once for both databases, with `$1` parameters,
//! integers and text only.

use boardwire_services::storage::StorageResult;
use serde::Serialize;
use sqlx::{Arguments, error::BoxDynError};

use crate::error::broken;

/// A statement in the dialects of both databases, and its name in messages.
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Statement {
    /// Creates a statement with one text for both databases.
    pub(crate) const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: sql, postgres: sql }
    }

    /// Creates a statement with a text for each database. Macros use it, so that the shared part is written once.
    pub(crate) const fn with_dialects(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite, postgres }
    }
}

/// Returns the statement that inserts a row into a table, unless there is one with its key. The parameters are the
/// columns, in this order.
pub(crate) fn insert_into(name: &'static str, table: &str, columns: &str) -> Statement {
    let parameters: Vec<_> = (1..=columns.split(", ").count()).map(|number| format!("${number}")).collect();
    let parameters = parameters.join(", ");
    Statement::new(name, format!("INSERT INTO {table} ({columns}) VALUES ({parameters}) ON CONFLICT DO NOTHING").leak())
}

/// Returns the statement that updates the row with this `id`, the first of the columns. It has the parameters of
/// [`insert_into`], and leaves the `fixed` columns as they are.
pub(crate) fn update(name: &'static str, table: &str, columns: &str, fixed: &[&str]) -> Statement {
    debug_assert!(fixed.iter().all(|fixed| columns.split(", ").any(|column| column == *fixed)), "{name}");
    let numbered = (1..).zip(columns.split(", "));
    let changing = numbered.filter(|(number, column)| *number > 1 && !fixed.contains(column));
    let assignments: Vec<_> = changing.map(|(number, column)| format!("{column} = ${number}")).collect();
    Statement::new(name, format!("UPDATE {table} SET {} WHERE id = $1", assignments.join(", ")).leak())
}

/// A `SELECT` that locks the row it finds until the unit of work ends. SQLite has one writer, so there is nothing to
/// lock.
macro_rules! locking {
    ($name:literal, $sql:expr) => {
        $crate::statement::Statement::with_dialects($name, $sql, concat!($sql, " FOR UPDATE"))
    };
}
pub(crate) use locking;

/// A statement that takes its rows from `$1`, a JSON list of lists. Between the two pieces of text, it inserts the
/// rows as `item`, whose fields are `item.value ->> 0` and so on: text or NULL.
macro_rules! of_rows {
    ($name:literal, $before:expr, $after:expr) => {
        $crate::statement::Statement::with_dialects(
            $name,
            concat!($before, " json_each($1) AS item ", $after),
            concat!($before, " json_array_elements(CAST($1 AS json)) AS item(value) ", $after),
        )
    };
}
pub(crate) use of_rows;

/// A parameter.
#[derive(Debug)]
pub(crate) enum Value<'v> {
    Int(i64),
    OptInt(Option<i64>),
    Text(&'v str),
    OptText(Option<&'v str>),
    /// Text that was made for this statement, such as JSON.
    OwnedText(String),
}

impl Value<'_> {
    /// Returns a count or a version as a parameter. Numbers of 2⁶³ and more become the highest that a database holds.
    pub(crate) fn number(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Returns a list or map as a parameter: JSON text.
    pub(crate) fn json(value: &impl Serialize) -> StorageResult<Self> {
        json(value).map(Self::OwnedText)
    }

    pub(crate) fn add_to<'q, A>(&self, arguments: &mut A) -> Result<(), BoxDynError>
    where
        A: Arguments,
        i64: sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
        Option<i64>: sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
        for<'t> &'t str: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
        for<'t> Option<&'t str>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    {
        match self {
            Self::Int(int) => arguments.add(*int),
            Self::OptInt(int) => arguments.add(*int),
            Self::Text(text) => arguments.add(*text),
            Self::OptText(text) => arguments.add(*text),
            Self::OwnedText(text) => arguments.add(text.as_str()),
        }
    }
}

/// Returns a list or map as JSON text.
pub(crate) fn json(value: &impl Serialize) -> StorageResult<String> {
    serde_json::to_string(value).map_err(|error| broken("writing JSON", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_made_from_the_list_of_columns() {
        let insert = insert_into("insert", "boxes", "id, label, made_at");
        assert_eq!(insert.sqlite, "INSERT INTO boxes (id, label, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
        let update = update("update", "boxes", "id, label, made_at, size", &["made_at"]);
        assert_eq!(update.postgres, "UPDATE boxes SET label = $2, size = $4 WHERE id = $1");
    }
}
