//! The body of a unit of work and how it is run: bounded in time, and without taking anything along when it panics.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use boardwire_services::{
    Fault,
    storage::{BoxFuture, StorageResult},
};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{
    connection::Connection,
    error::{broken, unavailable},
};

/// What a unit of work does on its connection. The transaction around it is not its business.
pub(crate) type Body<T> = Box<dyn for<'u, 'c> FnOnce(&'u mut Connection<'c>) -> BoxFuture<'u, Result<T, Fault>> + Send>;

const UNIT: &str = "unit of work";

/// Runs a body. On `Ok` the transaction is to be kept, on `Err` to be undone.
pub(crate) async fn run<T>(body: Body<T>, connection: &mut Connection<'_>, limit: Duration) -> Result<T, Fault> {
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

/// The error of storage inside a fault; the bodies that are not jobs have no other.
pub(crate) fn storage_result<T>(result: Result<T, Fault>) -> StorageResult<T> {
    result.map_err(|fault| match fault {
        Fault::Storage(error) => error,
        other => broken(UNIT, other),
    })
}

/// What a panic said.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
