//! The services on a fresh store, users, and commands by name.

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use boardwire_auth::{Account, CredentialId, Permissions, Principal};
use boardwire_protocol::{BoardId, Command, CommandKind, Decoded, Seq, TeamId, Timestamp, UserId};
use boardwire_services::{
    Caller, Publisher, ServiceError, Services, UserEvent,
    clock::SystemClock,
    storage::{LogEntry, SaveUser, Store},
};
use boardwire_store::{Opened, Options, open};
use boardwire_test_support::{Database, Kind};
use serde_json::Value;

/// A publisher that delivers nothing.
struct NullPublisher;

#[async_trait]
impl Publisher for NullPublisher {
    async fn publish(&self, _: &[Arc<LogEntry>]) {}
    async fn wait_until_queued(&self, _: &BoardId, _: Seq) {}
    fn send_to_users(&self, _: &[UserEvent]) {}
    fn check_log(&self) {}
}

/// A fresh database and the services on it.
pub(crate) struct Fixture {
    pub(crate) database: Arc<Database>,
    pub(crate) services: Services,
    opened: Opened,
}

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(&Fixture) -> Result<()>) -> Result<()> {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await?;
        let opened = open(database.url(), Options::default()).await?;
        let services = Services::new(opened.store(), Arc::new(NullPublisher), Arc::new(SystemClock));
        let fixture = Fixture { database, services, opened };
        let result = test(&fixture).await;
        let Fixture { services, opened, .. } = fixture;
        services.drain().await;
        opened.close().await;
        result.map_err(|error| error.context(format!("on {kind:?}")))?;
    }
    Ok(())
}

impl Fixture {
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.services.store()
    }

    /// Creates a user who may read and write, in these teams.
    pub(crate) async fn user(&self, id: &str, teams: &[&str]) -> Result<Caller> {
        let user = SaveUser {
            id: UserId::try_from(id)?,
            name: None,
            agent: None,
            permissions: None,
            default_permissions: vec!["read".to_owned(), "write".to_owned()],
            teams: Some(teams.iter().map(|team| TeamId::try_from(*team)).collect::<Result<_, _>>()?),
            password: None,
            now: Timestamp(1),
        };
        self.store().save_user(&user).await?;
        let teams = teams.iter().map(|team| (*team).to_owned()).collect();
        let account = Account { id: id.to_owned(), name: id.to_owned(), permissions: Permissions::READ_WRITE, teams };
        Ok(Caller::new(Arc::new(Principal::of(account, None, None, CredentialId::Token { id: None }))).unwrap())
    }

    /// Runs a command and returns its result.
    pub(crate) async fn call(&self, caller: &Caller, name: &str, payload: Value) -> Result<Value, ServiceError> {
        let kind = CommandKind::from_name(name).unwrap();
        let result = match Decoded::from_payload(kind, payload).unwrap().command {
            Command::Change(change) => self.services.change(caller, None, change, None).await?.result,
            Command::Query(query) => self.services.query(caller, query).await?,
            _ => panic!("{name} is not for the services"),
        };
        Ok(serde_json::from_str(result.get())?)
    }
}
