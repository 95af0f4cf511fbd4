//! Runs statements on rusqlite, in the calling thread.

use rusqlite::{
    CachedStatement, Connection, Result,
    types::{Null, Value as Column},
};

use crate::statement::Value;

/// Runs a statement. Returns how many rows it changed.
pub(crate) fn execute(connection: &Connection, sql: &str, values: &[Value<'_>]) -> Result<u64> {
    let mut statement = prepare(connection, sql, values)?;
    Ok(statement.raw_execute()? as u64)
}

/// Runs a statement and returns the first rows, at most `limit`.
pub(crate) fn fetch(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
    limit: usize,
) -> Result<Vec<Vec<Column>>> {
    let mut statement = prepare(connection, sql, values)?;
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        found.push((0..width).map(|at| row.get(at)).collect::<Result<_>>()?);
    }
    Ok(found)
}

fn prepare<'c>(connection: &'c Connection, sql: &str, values: &[Value<'_>]) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql)?;
    for index in 1..=statement.parameter_count() {
        // To SQLite `$2` is a name, and names are numbered in the order in which they first occur.
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        match value.ok_or(rusqlite::Error::InvalidParameterCount(index, values.len()))? {
            Value::Int(int) | Value::OptInt(Some(int)) => statement.raw_bind_parameter(index, int)?,
            Value::Text(text) | Value::OptText(Some(text)) => statement.raw_bind_parameter(index, text)?,
            Value::OwnedText(text) => statement.raw_bind_parameter(index, text)?,
            Value::OptInt(None) | Value::OptText(None) => statement.raw_bind_parameter(index, Null)?,
        }
    }
    Ok(statement)
}
