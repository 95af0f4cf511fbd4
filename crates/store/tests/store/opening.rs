//! Opening, reopening, opening concurrently, closing.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use boardwire_services::storage::StorageError;
use boardwire_store::{OpenError, Options, files_in, open};
use boardwire_test_support::{Database, Kind};
use tokio::sync::oneshot;

use crate::{
    fixture::{a_board, add_board, is_unavailable, on_both, unit},
    samples::{board, board_id, save_user, user_id},
};

/// Returns the newest version of the schema, which is the number of the last script. Versions count from 1.
fn newest_version() -> Result<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let number = |name: &str| name.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok());
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<Vec<_>>>()?;
    let newest = names.iter().filter_map(|name| number(name)).max().context("no scripts")?;
    Ok(newest.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn written_data_is_there_after_reopening() -> Result<()> {
    on_both(async |scene| {
        a_board(&scene).await?;
        let again = open(scene.database.url(), Options::default()).await?;
        assert!(again.store().board(&board_id("b")).await?.is_some());
        again.store().save_user(&save_user("eve")).await?;
        assert!(scene.store.user(&user_id("eve")).await?.is_some(), "two programs may write");
        again.close().await;
        assert_eq!(scene.database.query("SELECT MAX(version) FROM schema_migrations").await?, [[newest_version()?]]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_open_a_new_database_at_the_same_time() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let opening: Vec<_> = (0..4)
            .map(|_| {
                let database = Arc::clone(&database);
                tokio::spawn(async move { open(database.url(), Options::default()).await })
            })
            .collect();
        for opened in opening {
            opened.await??.close().await;
        }
        assert_eq!(database.query("SELECT COUNT(*) FROM schema_migrations").await?, [[newest_version()?]]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        open(database.url(), Options::default()).await?.close().await;
        match kind {
            Kind::Sqlite => {
                let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                              db.execute('INSERT INTO schema_migrations VALUES (1000, 0)'); db.commit()";
                let file = database.folder().join("board.db");
                let mut command = tokio::process::Command::new("python3");
                assert!(command.arg("-c").arg(script).arg(file).status().await?.success());
            }
            Kind::Postgres => drop(database.query("INSERT INTO schema_migrations VALUES (1000, 0)").await?),
        }
        let error = open(database.url(), Options::default()).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { database: 1000, .. }), "{error}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_for_a_database_that_cannot_be_opened_hides_the_password() {
    let options = Options { wait: Duration::from_millis(100), ..Options::default() };
    for url in ["mysql://x:hush@y/z", "postgres://x:hush@127.0.0.1:1/z", "postgres://x:hush@127.0.0.1:bad/z"] {
        let error = open(url, options.clone()).await.unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test(flavor = "multi_thread")]
async fn created_files_are_readable_by_their_owner_alone() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let opened = open(database.url(), Options::default()).await?;
    add_board(&opened.store(), "b").await?;
    for name in ["board.db", "board.db-wal", "board.db-shm"] {
        assert_eq!(mode(&database.folder().join(name))?, 0o600, "{name}");
    }
    opened.close().await;
    let files = database.folder().join("shared/files");
    files_in(&files)?;
    assert_eq!((mode(&files)?, mode(&database.folder().join("shared"))?), (0o700, 0o700));

    // Through a link to a file that does not exist yet.
    let (link, file) = (database.folder().join("link.db"), database.folder().join("linked.db"));
    std::os::unix::fs::symlink(&file, &link)?;
    open(&format!("sqlite://{}", link.display()), Options::default()).await?.close().await;
    assert_eq!(mode(&file)?, 0o600);

    // Permissions that an operator has set are kept.
    let file = database.folder().join("board.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640))?;
    fs::set_permissions(&files, fs::Permissions::from_mode(0o750))?;
    open(database.url(), Options::default()).await?.close().await;
    files_in(&files)?;
    assert_eq!((mode(&file)?, mode(&files)?), (0o640, 0o750));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_is_created_only_if_the_options_say_so() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let existing = || Options { create: false, ..Options::default() };
    let elsewhere = format!("sqlite://{}", database.folder().join("no/such.db").display());
    for url in [database.url(), &elsewhere] {
        let error = open(url, existing()).await.unwrap_err();
        assert!(matches!(error, OpenError::NoFile { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(database.folder())?.count(), 0, "a file was created");
    open(database.url(), Options::default()).await?.close().await;
    open(database.url(), existing()).await?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_queued_units_and_refuses_new_ones() -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let opened = open(database.url(), Options::default()).await?;
        let store = opened.store();
        let (began, begun) = oneshot::channel::<()>();
        let (go, wait) = oneshot::channel::<()>();
        let writing = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                unit(&store, move |tx| {
                    Box::pin(async move {
                        let _ = began.send(());
                        let _ = wait.await;
                        tx.insert_board(&board("b")).await?;
                        Ok(())
                    })
                })
                .await
            }
        });
        begun.await?;
        let closing = tokio::spawn(opened.close());
        tokio::task::yield_now().await;
        let _ = go.send(());
        closing.await?;
        writing.await??;
        let late = unit(&store, |_| Box::pin(async { Ok(()) })).await.unwrap_err();
        assert!(is_unavailable(&late), "{late}");
        assert!(matches!(store.ping().await, Err(StorageError::Unavailable(_))));
        assert_eq!(database.query("SELECT id FROM boards").await?, [["b"]]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_too_long_for_the_lock_of_sqlite_is_an_error() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let patient = open(database.url(), Options::default()).await?;
    let hasty = open(database.url(), Options { wait: Duration::from_millis(50), ..Options::default() }).await?;
    let (began, begun) = oneshot::channel::<()>();
    let (go, wait) = oneshot::channel::<()>();
    let holding = tokio::spawn({
        let store = patient.store();
        async move {
            unit(&store, move |_| {
                Box::pin(async move {
                    let _ = began.send(());
                    let _ = wait.await;
                    Ok(())
                })
            })
            .await
        }
    });
    begun.await?;
    let error = add_board(&hasty.store(), "b").await;
    assert!(is_unavailable(&error.unwrap_err()));
    assert!(hasty.store().board(&board_id("b")).await?.is_none(), "reads still work");
    let _ = go.send(());
    holding.await??;
    add_board(&hasty.store(), "b").await?;
    hasty.close().await;
    patient.close().await;
    Ok(())
}
