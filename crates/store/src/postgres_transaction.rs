//! Transactions on Postgres.

use std::time::Duration;

use boardwire_services::storage::StorageResult;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::timeout;

use crate::error::{driver_error, is_lost_connection, unavailable};

/// Begins a transaction. After a restart of Postgres, only this shows that connections of the pool are lost. Nothing
/// has been done on them yet, so others are tried, as many as the pool can hold.
pub(crate) async fn begin(
    pool: &PgPool,
    statement: &'static str,
    wait: Duration,
) -> StorageResult<Transaction<'static, Postgres>> {
    let mut lost = 0;
    let begun = timeout(wait, async {
        loop {
            match pool.begin_with(statement).await {
                Err(error) if is_lost_connection(&error) && lost < pool.options().get_max_connections() => lost += 1,
                result => break result.map_err(|error| driver_error("beginning a transaction", error)),
            }
        }
    });
    begun.await.unwrap_or_else(|_| Err(unavailable("beginning a transaction", "no connection in time")))
}
