//! A fresh store of either kind, and units of work on it.

use std::sync::Arc;

use anyhow::Result;
use boardwire_protocol::Role;
use boardwire_services::{
    ChangeOutcome, ServiceError,
    storage::{BoxFuture, Job, StorageError, Store, Transaction, User},
};
use boardwire_store::{Options, open};
use boardwire_test_support::{Database, Kind};
use serde_json::value::RawValue;

use crate::samples::{board, board_id, by_name, save_user, user_id};

/// The store and database of a test.
pub(crate) struct Scene {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) database: Arc<Database>,
}

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Scene) -> Result<()>) -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let opened = open(database.url(), Options::default()).await?;
        let result = test(Scene { store: opened.store(), database: Arc::clone(&database) }).await;
        opened.close().await;
        result.map_err(|error| error.context(format!("on {kind:?}")))?;
        database.integrity_check().await?;
    }
    Ok(())
}

impl Scene {
    /// Runs a unit of work. A failed assertion fails the unit.
    pub(crate) async fn unit<B>(&self, body: B) -> Result<(), ServiceError>
    where
        B: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<(), ServiceError>> + Send + 'static,
    {
        unit(&self.store, body).await
    }
}

/// Runs a unit of work.
pub(crate) async fn unit<B>(store: &Arc<dyn Store>, body: B) -> Result<(), ServiceError>
where
    B: for<'t> FnOnce(&'t mut dyn Transaction) -> BoxFuture<'t, Result<(), ServiceError>> + Send + 'static,
{
    let job: Job = Box::new(move |tx| {
        Box::pin(async move {
            body(tx).await?;
            Ok(empty_outcome())
        })
    });
    store.write(job).await.map(drop)
}

/// Adds a board that does not exist yet.
pub(crate) async fn add_board(store: &Arc<dyn Store>, id: &'static str) -> Result<(), ServiceError> {
    unit(store, move |tx| {
        Box::pin(async move {
            assert!(tx.insert_board(&board(id)).await?, "the id is taken");
            Ok(())
        })
    })
    .await
}

/// Returns an outcome without events.
fn empty_outcome() -> ChangeOutcome {
    ChangeOutcome { at: None, result: RawValue::NULL.to_owned(), entries: Vec::new(), user_events: Vec::new() }
}

pub(crate) fn is_broken(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Storage(StorageError::Broken(_)))
}

pub(crate) fn is_unavailable(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Storage(StorageError::Unavailable(_)))
}

/// Creates the users `ann`, who owns the board `b`, and `bob`, who is not a member of it.
pub(crate) async fn a_board(scene: &Scene) -> Result<(User, User)> {
    let ann = scene.store.save_user(&save_user("ann")).await?;
    let bob = scene.store.save_user(&save_user("bob")).await?;
    scene
        .unit(|tx| {
            Box::pin(async move {
                assert!(tx.insert_board(&board("b")).await?);
                tx.set_member(&board_id("b"), &user_id("ann"), &by_name(Role::Owner)).await?;
                Ok(())
            })
        })
        .await?;
    Ok((ann, bob))
}
