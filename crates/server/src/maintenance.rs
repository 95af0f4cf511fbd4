//! Periodic work: deletes old data, ends expired leases, and removes orphaned files.

use std::{sync::Arc, time::Duration};

use boardwire_protocol::{AttachmentId, Timestamp};
use boardwire_services::{
    Services,
    clock::Clock,
    remove_leftovers,
    storage::{Files, Prune, StorageResult, Store},
};
use tokio_util::sync::CancellationToken;

const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long notifications are kept.
const NOTIFICATION_DAYS: i64 = 90;
/// How many files are looked up in the database with one query.
const LOOKUP_BATCH: usize = 500;

/// How often the files of deleted attachments are removed.
const LEFTOVERS_INTERVAL: Duration = Duration::from_secs(5);

/// How often expired leases are looked for.
const LEASES_INTERVAL: Duration = Duration::from_secs(1);

/// Ends the leases that have expired, once a second until the token is cancelled. Only one server runs on a database,
/// but several would not conflict: a lease that has ended is not found again.
pub(crate) async fn expire_leases(services: Services, stop: CancellationToken) {
    let mut interval = tokio::time::interval(LEASES_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        let Some(result) = stop.run_until_cancelled(services.expire_leases()).await else { return };
        match &result {
            Err(error) if !failing => tracing::warn!(%error, "can't end expired leases; trying again every second"),
            _ => {}
        }
        failing = result.is_err();
    }
}

/// The parts that maintenance works on.
pub(crate) struct Maintenance {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long events are kept, in days; 0 means for ever.
    pub(crate) event_days: u32,
}

impl Maintenance {
    /// Prunes the database and removes orphaned files once an hour, and removes the files of deleted attachments every
    /// few seconds, until the token is cancelled.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let [mut hourly, mut leftovers] = [PRUNE_INTERVAL, LEFTOVERS_INTERVAL].map(tokio::time::interval);
        leftovers.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = hourly.tick() => self.prune_and_sweep().await,
                _ = leftovers.tick() => {
                    let removed = remove_leftovers(&*self.store, &*self.files).await;
                    match &removed {
                        Err(error) if !failing => {
                            tracing::warn!(%error, "can't remove the files of deleted attachments; trying again every few seconds");
                        }
                        _ => {}
                    }
                    failing = removed.is_err();
                }
            }
        }
    }

    async fn prune_and_sweep(&self) {
        if let Err(error) = self.prune().await {
            tracing::warn!(%error, "can't prune the database; trying again in an hour");
        }
        match self.sweep_files().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed orphaned files"),
            Err(error) => tracing::warn!(%error, "can't remove orphaned files; trying again in an hour"),
        }
    }

    async fn prune(&self) -> StorageResult<()> {
        let now = self.clock.now().0;
        let days = i64::from(self.event_days);
        let before = Prune {
            requests: Timestamp(now - DAY_MS),
            events: (days > 0).then(|| Timestamp(now - days * DAY_MS)),
            notifications: Timestamp(now - NOTIFICATION_DAYS * DAY_MS),
            // Sessions that ended, and the records of changes to accounts; not the accounts themselves.
            accounts: Timestamp(now - HOUR_MS),
        };
        self.store.prune(&before).await
    }

    /// Removes files without an attachment. A file is stored before its attachment is recorded, and is left behind if
    /// the upload is interrupted in between. Recent files may belong to an upload in progress, and a file whose name the
    /// server did not make was put there by someone else; both stay.
    async fn sweep_files(&self) -> StorageResult<usize> {
        let before = Timestamp(self.clock.now().0 - HOUR_MS);
        self.files.remove_unfinished(before).await?;
        let mut old = self.files.finished_before(before).await?;
        old.retain(is_uuid);
        let mut removed = 0;
        for ids in old.chunks(LOOKUP_BATCH) {
            let known = self.store.known_attachments(ids).await?;
            for id in ids.iter().filter(|id| !known.contains(id)) {
                self.files.remove(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Returns whether the id is a UUID, like all ids that the server makes.
fn is_uuid(id: &AttachmentId) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    id.as_str().split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.as_str().split('-').all(digits)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use boardwire_auth::{CredentialId, Permissions, Principal};
    use boardwire_protocol::{Command, CommandKind, Decoded, FileName, TaskId};
    use boardwire_services::{
        Caller, NewAttachment,
        clock::{SystemClock, Uuid},
        storage::StoredBytes,
    };
    use boardwire_store::{Opened, Options, files_in, open};
    use boardwire_test_support::statements;
    use serde_json::{Value, json};

    use super::*;
    use crate::accounts::NullPublisher;

    /// The system's clock, this many milliseconds ahead.
    struct ClockAhead(i64);

    impl Clock for ClockAhead {
        fn now(&self) -> Timestamp {
            Timestamp(SystemClock.now().0 + self.0)
        }

        fn monotonic(&self) -> Instant {
            SystemClock.monotonic()
        }

        fn new_uuid(&self) -> Uuid {
            SystemClock.new_uuid()
        }
    }

    async fn change(services: &Services, caller: &Caller, kind: CommandKind, payload: Value) -> Value {
        let Command::Change(change) = Decoded::from_payload(kind, payload).unwrap().command else {
            panic!("{} changes nothing", kind.name())
        };
        let applied = services.change(caller, None, change, None).await.unwrap();
        serde_json::from_str(applied.result.get()).unwrap()
    }

    fn maintenance(opened: &Opened, files: &Arc<dyn Files>, ahead: i64) -> Maintenance {
        Maintenance {
            store: opened.store(),
            files: Arc::clone(files),
            clock: Arc::new(ClockAhead(ahead)),
            event_days: 0,
        }
    }

    async fn store_file(files: &dyn Files, name: &str) -> AttachmentId {
        let id = AttachmentId::try_from(name).unwrap();
        let mut file = files.create(&id).await.unwrap();
        file.write("bytes".into()).await.unwrap();
        file.finish().await.unwrap();
        id
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn orphaned_files_are_removed_after_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("board.db").display());
        let opened = open(&url, Options::default()).await.unwrap();
        let files = files_in(&folder.path().join("files")).unwrap();
        let services = Services::new(opened.store(), Arc::new(NullPublisher), Arc::new(SystemClock));
        let account = boardwire_auth::Account {
            id: "ann".into(),
            name: "Ann".into(),
            permissions: Permissions::READ_WRITE,
            teams: vec![],
        };
        let principal = Principal::of(account, None, None, CredentialId::Token { id: None });
        let caller = Caller::new(Arc::new(principal)).unwrap();
        let user = boardwire_services::storage::SaveUser {
            id: caller.user().clone(),
            name: None,
            agent: None,
            permissions: None,
            default_permissions: vec!["write".into()],
            teams: None,
            password: None,
            now: Timestamp(1),
        };
        opened.store().save_user(&user).await.unwrap();
        let board = change(&services, &caller, CommandKind::BoardCreate, json!({ "name": "B" })).await;
        let task = json!({ "boardId": board["board"]["id"], "title": "T" });
        let task = change(&services, &caller, CommandKind::TaskCreate, task).await;

        let attached = store_file(&*files, &SystemClock.new_uuid().to_string()).await;
        let orphan = store_file(&*files, &SystemClock.new_uuid().to_string()).await;
        let foreign = [store_file(&*files, "README").await, store_file(&*files, &"-".repeat(36)).await];
        let new = NewAttachment {
            id: attached.clone(),
            task_id: TaskId::try_from(task["task"]["id"].as_str().unwrap()).unwrap(),
            filename: FileName::try_from("a".to_owned()).unwrap(),
            content_type: "text/plain".into(),
            size: 5,
            sha256: "0".repeat(64),
        };
        services.attach(&caller, None, new).await.unwrap();

        let maintenance = |ahead| maintenance(&opened, &files, ahead);
        // Within the hour, its upload may still be in progress.
        assert_eq!(maintenance(HOUR_MS - 60_000).sweep_files().await.unwrap(), 0);
        assert!(files.open(&orphan, None).await.unwrap().is_some());
        assert_eq!(maintenance(HOUR_MS + 60_000).sweep_files().await.unwrap(), 1);
        assert!(files.open(&orphan, None).await.unwrap().is_none());
        assert!(files.open(&attached, None).await.unwrap().is_some());
        for foreign in &foreign {
            assert!(files.open(foreign, None).await.unwrap().is_some(), "{foreign} was not made by the server");
        }
        assert_eq!(maintenance(HOUR_MS + 60_000).sweep_files().await.unwrap(), 0);

        // The files of a task count towards the storage quotas until they are removed, which may happen as soon as the
        // task is deleted.
        assert_eq!(remove_leftovers(&*opened.store(), &*files).await.unwrap(), 0);
        let delete = json!({ "taskId": task["task"]["id"] });
        change(&services, &caller, CommandKind::TaskDelete, delete).await;
        assert_eq!(opened.store().held(caller.user()).await.unwrap(), StoredBytes { by_user: 5, in_all: 5 });
        assert_eq!(remove_leftovers(&*opened.store(), &*files).await.unwrap(), 1);
        assert_eq!(opened.store().held(caller.user()).await.unwrap(), StoredBytes { by_user: 0, in_all: 0 });
        assert!(files.open(&attached, None).await.unwrap().is_none());
        assert_eq!(remove_leftovers(&*opened.store(), &*files).await.unwrap(), 0);
        services.drain().await;
        drop(services);
        opened.close().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_files_are_looked_up_with_one_query() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("board.db").display());
        let opened = open(&url, Options::default()).await.unwrap();
        let files = files_in(&folder.path().join("files")).unwrap();
        for count in [2, 30] {
            for _ in 0..count {
                store_file(&*files, &SystemClock.new_uuid().to_string()).await;
            }
            let maintenance = maintenance(&opened, &files, HOUR_MS + 60_000);
            let (removed, ran) = statements(maintenance.sweep_files()).await;
            assert_eq!((removed.unwrap(), ran), (count, vec!["db.attachment.known"]));
        }
        opened.close().await;
    }
}
