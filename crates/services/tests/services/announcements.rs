//! An announcement reaches each of its users once, in units of work of limited size.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use async_trait::async_trait;
use boardwire_auth::{Account, CredentialId, Permissions, Principal};
use boardwire_protocol::{BoardId, Body, RequestId, Seq, Timestamp, UserId};
use boardwire_services::{
    Announcement, Audience, Caller, Publisher, Services, UserEvent,
    clock::SystemClock,
    storage::{LogEntry, SaveUser, Store, WantedNotifications},
};
use boardwire_store::{Options, open};
use boardwire_test_support::{Database, Kind};

const USERS: usize = 1_203;

/// How many users each unit of work notified.
#[derive(Default)]
struct RecordingPublisher(Mutex<Vec<usize>>);

#[async_trait]
impl Publisher for RecordingPublisher {
    async fn publish(&self, _: &[Arc<LogEntry>]) {}
    async fn wait_until_queued(&self, _: &BoardId, _: Seq) {}
    fn send_to_users(&self, events: &[UserEvent]) {
        self.0.lock().unwrap().push(events.len());
    }
    fn check_log(&self) {}
}

fn user(number: usize) -> Result<UserId> {
    Ok(UserId::try_from(format!("u{number:05}").as_str())?)
}

async fn create_users(store: &Arc<dyn Store>) -> Result<()> {
    for number in 0..USERS {
        let user = SaveUser {
            id: user(number)?,
            name: None,
            agent: None,
            permissions: None,
            default_permissions: vec!["read".to_owned()],
            teams: None,
            password: None,
            now: Timestamp(1),
        };
        store.save_user(&user).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_notified_once_page_by_page() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let opened = open(database.url(), Options::default()).await?;
    let store = opened.store();
    create_users(&store).await?;
    let publisher = Arc::new(RecordingPublisher::default());
    let services = Services::new(Arc::clone(&store), publisher.clone(), Arc::new(SystemClock));
    let account = Account { id: "u00000".into(), name: "Root".into(), permissions: Permissions::ALL, teams: vec![] };
    let caller = Caller::new(Arc::new(Principal::of(account, None, None, CredentialId::Token { id: None }))).unwrap();
    let announcement =
        Announcement { text: Body::try_from("Tea is ready".to_owned()).unwrap(), to: Audience::Everybody };
    let request = RequestId::try_from("tea").unwrap();
    for _ in 0..2 {
        let outcome = services.announce(&caller, Some(request.clone()), announcement.clone()).await?;
        assert_eq!(outcome.result.get(), format!(r#"{{"notified":{USERS}}}"#));
    }
    assert_eq!(
        publisher.0.lock().unwrap().iter().filter(|notified| **notified > 0).collect::<Vec<_>>(),
        [&500, &500, &203]
    );
    for number in [0, 499, 500, 1_202] {
        let filter =
            WantedNotifications { user: user(number)?, everywhere: false, unread_only: false, before: None, limit: 10 };
        assert_eq!(store.notifications(&filter).await?.1, 1, "user {number}");
    }
    services.drain().await;
    drop(services);
    opened.close().await;
    Ok(())
}
