//! Runs the body of a unit of work: within a time limit, and catching its panics.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use boardwire_services::{
    ServiceError,
    storage::{BoxFuture, StorageResult},
};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{
    connection::Connection,
    error::{broken, unavailable},
};

/// What a unit of work does on its connection. It does not begin or end the transaction.
pub(crate) type Body<T> =
    Box<dyn for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Result<T, ServiceError>> + Send>;

const UNIT: &str = "unit of work";

/// Runs a body. After `Ok` the transaction is to be committed, after `Err` to be rolled back.
pub(crate) async fn run<T>(body: Body<T>, connection: &mut Connection<'_>, limit: Duration) -> Result<T, ServiceError> {
    let guarded = AssertUnwindSafe(async { body(&mut *connection).await }).catch_unwind();
    let outcome = match timeout(limit, guarded).await {
        Ok(Ok(outcome)) => outcome?,
        Ok(Err(panic)) => return Err(broken(UNIT, format_args!("panicked: {}", message_of(&*panic))).into()),
        Err(_) => return Err(unavailable(UNIT, format_args!("took longer than {limit:?}")).into()),
    };
    if connection.has_failed() {
        return Err(broken(UNIT, "went on after a failed statement").into());
    }
    Ok(outcome)
}

/// Returns the result of a body that can only fail because of storage.
pub(crate) fn storage_result<T>(result: Result<T, ServiceError>) -> StorageResult<T> {
    result.map_err(|error| match error {
        ServiceError::Storage(error) => error,
        other => broken(UNIT, other),
    })
}

/// Returns the message of a panic.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
