//! Postgres: a pool for writing and another for reading, so that writers that wait for a board's lock do not delay
//! readers.

use std::{future::pending, str::FromStr, time::Duration};

use boardwire_services::ServiceError;
use sqlx::{
    ConnectOptions, Connection as _, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    Options,
    claim::PostgresClaim,
    connection::{Body, Connection, UNIT},
    error::{broken, driver_error},
    lost::Lost,
    migrations,
    open_error::OpenError,
    postgres_transaction::begin,
    readers::{Pool, Readers},
};

/// A connection that has been idle for longer than this is tested before it is used.
const MAX_UNTESTED_IDLE: Duration = Duration::from_secs(1);

/// How long a statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// A database on Postgres.
#[derive(Debug)]
pub(crate) struct PostgresDatabase {
    writers: PgPool,
    readers: Readers,
    /// The units of work that are running.
    units: TaskTracker,
    /// The claim, if this is a server.
    claim: Option<PostgresClaim>,
    wait: Duration,
    unit_time: Duration,
}

pub(crate) async fn open(url: &str, options: &Options) -> Result<PostgresDatabase, OpenError> {
    let connect = PgConnectOptions::from_str(url).map_err(|error| OpenError::InvalidUrl(error.to_string()))?;
    let connect = connect.application_name("boardwire").disable_statement_logging();
    let writers = pool(options.postgres_writers, options).connect_with(connect.clone()).await;
    let writers = writers.map_err(|error| driver_error("connecting to Postgres", error))?;
    // The claim comes before migrating: until it is taken, another server may be using the schema.
    let claim = if options.server { Some(PostgresClaim::take(&writers, options.wait).await?) } else { None };
    let mut transaction = writers.begin().await.map_err(|error| driver_error("beginning to migrate", error))?;
    migrations::migrate(&mut Connection::postgres(&mut transaction)).await?;
    transaction.commit().await.map_err(|error| driver_error("committing the schema", error))?;
    let readers = pool(options.readers, options).connect_lazy_with(connect);
    Ok(PostgresDatabase {
        writers,
        readers: Readers::new(Pool::Postgres(readers), options),
        units: TaskTracker::new(),
        claim,
        wait: options.wait,
        unit_time: options.unit_time,
    })
}

fn pool(size: u32, options: &Options) -> PgPoolOptions {
    // Settings stronger than `on`, such as `remote_apply`, are kept; weaker ones are replaced.
    let settings = format!(
        "SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local');
         SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        STATEMENT_TIMEOUT.as_millis(),
        options.wait.as_millis(),
        // The program itself ends units of work that take too long; this is in case it can't.
        (options.unit_time * 2).as_millis(),
    );
    PgPoolOptions::new()
        .max_connections(size.max(1))
        .acquire_timeout(options.wait)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > MAX_UNTESTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let settings = sqlx::raw_sql(sqlx::AssertSqlSafe(settings.clone()));
            Box::pin(async move { connection.execute(settings).await.map(drop) })
        })
}

impl PostgresDatabase {
    /// Runs a unit of work. If its caller goes away while it waits for a connection, it is cancelled; once begun, it is
    /// completed on a task of the store.
    pub(crate) async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, ServiceError> {
        let mut transaction = begin(&self.writers, "BEGIN", self.wait).await?;
        let limit = self.unit_time;
        let unit = async move {
            let done = Connection::postgres(&mut transaction).run_unit(body, limit).await?;
            // If this fails because the connection was lost, the change may have been made: sending the same request id
            // again reveals it.
            transaction.commit().await.map_err(|error| driver_error("committing a unit of work", error))?;
            Ok(done)
        };
        let outcome = self.units.spawn(unit.in_current_span()).await;
        outcome.unwrap_or_else(|error| Err(broken(UNIT, error).into()))
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) async fn lost(&self) -> Lost {
        match &self.claim {
            Some(claim) => claim.lost().await,
            None => pending().await,
        }
    }

    pub(crate) async fn close(&self) {
        self.units.close();
        self.units.wait().await;
        if let Some(claim) = &self.claim {
            claim.release().await;
        }
        self.writers.close().await;
        self.readers.close().await;
    }
}
