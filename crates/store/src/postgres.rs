//! Postgres: a pool for writing and one for reading, so that writers who wait for a board's lock keep no reader waiting.

use std::{future::pending, str::FromStr, time::Duration};

use boardwire_services::Fault;
use sqlx::{
    ConnectOptions, Connection as _, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    Options,
    claim::PostgresClaim,
    connection::Connection,
    error::{broken, failed},
    lost::Lost,
    migrations,
    open_error::OpenError,
    postgres_transaction::begin,
    readers::{Pool, Readers},
    work::{self, Body},
};

/// A connection that lay idle for longer is tested before it is used.
const FRESH: Duration = Duration::from_secs(1);

/// How long one statement may take.
const STATEMENT: Duration = Duration::from_secs(15);

/// A database on Postgres.
#[derive(Debug)]
pub(crate) struct PostgresDatabase {
    writers: PgPool,
    readers: Readers,
    /// The units of work that run.
    units: TaskTracker,
    /// A server's.
    claim: Option<PostgresClaim>,
    wait: Duration,
    unit_time: Duration,
}

pub(crate) async fn open(url: &str, options: &Options) -> Result<PostgresDatabase, OpenError> {
    let connect = PgConnectOptions::from_str(url).map_err(|error| OpenError::InvalidUrl(error.to_string()))?;
    let connect = connect.application_name("boardwire").disable_statement_logging();
    let writers = pool(options.postgres_writers, options).connect_with(connect.clone()).await;
    let writers = writers.map_err(|error| failed("connecting to Postgres", error))?;
    // Before the schema is touched, which is the other server's.
    let claim = if options.server { Some(PostgresClaim::take(&writers, options.wait).await?) } else { None };
    let mut transaction = writers.begin().await.map_err(|error| failed("beginning to migrate", error))?;
    migrations::migrate(&mut Connection::postgres(&mut transaction)).await?;
    transaction.commit().await.map_err(|error| failed("committing the schema", error))?;
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
    // What a cluster sets beyond `on`, such as `remote_apply`, stays; what is weaker does not.
    let settings = format!(
        "SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local');
         SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        STATEMENT.as_millis(),
        options.wait.as_millis(),
        // The program ends an overlong unit of work by itself; this is for when it can't any more.
        (options.unit_time * 2).as_millis(),
    );
    PgPoolOptions::new()
        .max_connections(size.max(1))
        .acquire_timeout(options.wait)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
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
    /// Runs a unit of work. While it waits for a connection its caller may still go away; once begun, it is run to its
    /// end on a task of the store's own.
    pub(crate) async fn submit<T: Send + 'static>(&self, body: Body<T>) -> Result<T, Fault> {
        let mut transaction = begin(&self.writers, "BEGIN", self.wait).await?;
        let limit = self.unit_time;
        let unit = async move {
            let done = work::run(body, &mut Connection::postgres(&mut transaction), limit).await?;
            // Where this fails for a lost connection, the change may have been made: a repeat with the same request id
            // will tell.
            transaction.commit().await.map_err(|error| failed("committing a unit of work", error))?;
            Ok(done)
        };
        let ended = self.units.spawn(unit.in_current_span()).await;
        ended.unwrap_or_else(|error| Err(broken("unit of work", error).into()))
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
