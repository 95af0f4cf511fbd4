//! Statements on the writer's own connection, run in the calling thread.

use rusqlite::{
    CachedStatement, Connection, Result,
    types::{Null, Value as Column},
};

use crate::statement::Value;

/// Runs a statement; gives the number of rows that it changed.
pub(crate) fn execute(connection: &Connection, sql: &str, values: &[Value<'_>]) -> Result<u64> {
    let mut statement = prepare(connection, sql, values)?;
    Ok(statement.raw_execute()? as u64)
}

/// The first rows that a statement finds, at most `limit`.
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
    for place in 1..=statement.parameter_count() {
        // SQLite takes `$2` for a name, and counts names in the order in which they come.
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        match value.ok_or(rusqlite::Error::InvalidParameterCount(place, values.len()))? {
            Value::Int(int) | Value::OptInt(Some(int)) => statement.raw_bind_parameter(place, int)?,
            Value::Text(text) | Value::OptText(Some(text)) => statement.raw_bind_parameter(place, text)?,
            Value::OwnedText(text) => statement.raw_bind_parameter(place, text)?,
            Value::OptInt(None) | Value::OptText(None) => statement.raw_bind_parameter(place, Null)?,
        }
    }
    Ok(statement)
}
