//! A database has one server at a time, and any number of other programs.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use boardwire_store::{OpenError, Opened, Options, open};
use boardwire_test_support::{Database, Kind, PATIENCE, eventually, within};

use crate::samples::{save_user, user_id};

/// The session of Postgres that holds the claim.
const HOLDER: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The sessions of Postgres that wait for the claim.
const WAITER: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND NOT granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

fn server(wait: Duration) -> Options {
    Options { server: true, wait, ..Options::default() }
}

async fn serve(database: &Database) -> Result<Opened> {
    Ok(open(database.url(), server(PATIENCE)).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_is_refused_and_other_programs_are_not() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let first = serve(&database).await?;
        let refused = open(database.url(), server(Duration::from_millis(100))).await;
        assert!(matches!(refused, Err(OpenError::InUse)), "{refused:?}");

        let beside = open(database.url(), Options::default()).await?;
        beside.store().save_user(&save_user("eve")).await?;
        beside.close().await;
        assert!(first.store().user(&user_id("eve")).await?.is_some());

        first.close().await;
        serve(&database).await?.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_database_does_not_bypass_the_claim() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let first = serve(&database).await?;
    let link = database.folder().join("link.db");
    std::os::unix::fs::symlink(database.folder().join("board.db"), &link)?;
    let refused = open(&format!("sqlite://{}", link.display()), server(Duration::ZERO)).await;
    assert!(matches!(refused, Err(OpenError::InUse)), "{refused:?}");
    first.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_for_one_that_is_about_to_end() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let first = serve(&database).await?;
        let second = tokio::spawn({
            let database = Arc::clone(&database);
            async move { serve(&database).await }
        });
        if kind == Kind::Postgres {
            first_value(&database, WAITER).await?;
        }
        first.close().await;
        second.await??.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_reacquired_after_its_connection_is_lost() -> Result<()> {
    let database = Database::create(Kind::Postgres).await?;
    let first = serve(&database).await?;
    let before = terminate_holder(&database).await?;
    let after = first_value(&database, HOLDER).await?;
    assert_ne!(before, after);
    let refused = open(database.url(), server(Duration::from_millis(100))).await;
    assert!(matches!(refused, Err(OpenError::InUse)), "{refused:?}");
    first.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_taken_by_another_server_is_lost() -> Result<()> {
    let database = Database::create(Kind::Postgres).await?;
    let first = open(database.url(), server(Duration::from_secs(1))).await?;
    // The second waits for the lock, so it is next when the first loses its connection.
    let second = tokio::spawn({
        let database = Arc::clone(&database);
        async move { serve(&database).await }
    });
    first_value(&database, WAITER).await?;
    terminate_holder(&database).await?;
    let second = second.await??;
    within("the first notices", PATIENCE, first.lost()).await?;
    first.close().await;
    second.close().await;
    Ok(())
}

/// Waits until a query returns a row, and returns its first value.
async fn first_value(database: &Database, query: &str) -> Result<String> {
    eventually(query, PATIENCE, async || Ok(database.query(query).await?.into_iter().flatten().next())).await
}

/// Terminates the connection that holds the claim, and returns its process id.
async fn terminate_holder(database: &Database) -> Result<String> {
    let holder = first_value(database, HOLDER).await?;
    database.query(&format!("SELECT pg_terminate_backend({holder}, 10000)")).await?;
    Ok(holder)
}
