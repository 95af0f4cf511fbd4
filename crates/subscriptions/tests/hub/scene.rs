//! One board with the members ada and bob, its log in memory, and clients that record what they receive.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use boardwire_auth::{CredentialId, Permissions, Principal};
use boardwire_protocol::{BoardId, EventKind, Seq, SubscriptionId, TaskId, UserId, ViewerStatus, connection::Filters};
use boardwire_services::{
    Caller, Origin, Publisher as _,
    clock::{Clock, SystemClock},
    storage::{Log, LogEntry},
};
use boardwire_subscriptions::{Frame, Hub, JoinError, Joined, Outbox, Resume, Socket, SocketKey, Subscription};
use serde_json::value::RawValue;

use crate::{
    client::{Client, RecordingOutbox, words},
    memory_log::MemoryLog,
};

const MAX_SUBSCRIPTIONS: usize = 4;

#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) hub: Arc<Hub>,
    pub(crate) board: BoardId,
    log: Arc<MemoryLog>,
    next_key: Arc<AtomicU64>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    pub(crate) fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let log = Arc::new(MemoryLog::default());
        log.members.lock().unwrap().extend(["ada".to_owned(), "bob".to_owned()]);
        let hub = Hub::new(Arc::clone(&log) as Arc<dyn Log>, clock, MAX_SUBSCRIPTIONS);
        Self { hub, board: "b1".try_into().unwrap(), log, next_key: Arc::default() }
    }

    pub(crate) fn socket(&self, user: &str) -> Client {
        let team = if user == "bob" { "blue" } else { "red" };
        let caller = Caller::new(Arc::new(Principal {
            user: user.to_owned(),
            name: user.to_owned(),
            permissions: Permissions::READ_WRITE,
            scope: None,
            teams: vec![team.to_owned()],
            expires_at: None,
            credential: CredentialId::Token { id: None },
        }));
        let outbox = Arc::new(RecordingOutbox::default());
        let key = SocketKey(self.next_key.fetch_add(1, Ordering::SeqCst) as i64);
        let socket = Socket::new(key, caller.unwrap(), Arc::clone(&outbox) as Arc<dyn Outbox>);
        self.hub.connect(&socket);
        Client { socket, outbox }
    }

    pub(crate) async fn view(&self, client: &Client, since: Option<u64>) -> Joined {
        let resume = since.map(|since| Resume { since: Seq(since), epoch: None });
        self.hub.view_board(&client.socket, &self.board, resume).await.unwrap()
    }

    pub(crate) async fn view_task(&self, client: &Client, task: &str) {
        self.hub.view_task(&client.socket, &self.board, &task.try_into().unwrap()).await.unwrap();
    }

    pub(crate) async fn declare(&self, client: &Client, status: ViewerStatus, task: Option<&str>) {
        let at = task.map(|task| (self.board.clone(), Some(task.try_into().unwrap())));
        self.hub.declare(&client.socket, status, at).await.unwrap();
    }

    pub(crate) fn stop_typing(&self, client: &Client, task: Option<&str>) {
        let task = task.map(|task| task.try_into().unwrap());
        self.hub.stop_typing(&client.socket, &self.board, task.as_ref());
    }

    pub(crate) async fn start_typing(&self, client: &Client, task: Option<&str>) -> Result<(), JoinError> {
        let task: Option<TaskId> = task.map(|task| task.try_into().unwrap());
        self.hub.start_typing(&client.socket, &self.board, task.as_ref()).await
    }

    /// Returns each user who is present, with status and task.
    pub(crate) fn viewers(&self) -> Vec<String> {
        let viewers = self.hub.viewers(&self.board, None).into_iter();
        viewers.map(|viewer| words(&serde_json::to_value(viewer).unwrap())).collect()
    }

    pub(crate) fn subscription(pattern: &str, filters: Filters) -> Subscription {
        let id = SubscriptionId::from(SystemClock.new_uuid());
        Subscription { id, pattern: pattern.try_into().unwrap(), filters }
    }

    pub(crate) async fn subscribe(
        &self,
        client: &Client,
        pattern: &str,
        filters: Filters,
        since: Option<u64>,
    ) -> Result<SubscriptionId, JoinError> {
        let subscription = Self::subscription(pattern, filters);
        let id = subscription.id.clone();
        let resume = since.map(|since| Resume { since: Seq(since), epoch: None });
        self.hub.subscribe(&client.socket, &self.board, subscription, resume).await.map(|_| id)
    }

    pub(crate) fn subscribe_everywhere(&self, client: &Client, pattern: &str) {
        self.hub.subscribe_everywhere(&client.socket, Self::subscription(pattern, Filters::default())).unwrap();
    }

    fn append(
        &self,
        kind: EventKind,
        actor: &str,
        task: Option<&str>,
        subject: Option<&str>,
        origin: Option<Origin>,
    ) -> Arc<LogEntry> {
        let user = |name: &str| UserId::try_from(name).unwrap();
        self.log.append(|seq, padding| LogEntry {
            board_id: self.board.clone(),
            seq,
            kind,
            task_id: task.map(|task| task.try_into().unwrap()),
            subject: subject.map(user),
            actor: Some(user(actor)),
            origin,
            at: SystemClock.now(),
            envelope: RawValue::from_string(format!("{{\"seq\":{}{padding}}}", seq.0)).unwrap(),
        })
    }

    /// Appends this many events of ada to the log, without publishing them. The other `commit_…` functions append one.
    pub(crate) fn commit(&self, count: u64, kind: EventKind) -> Vec<Arc<LogEntry>> {
        (0..count).map(|_| self.append(kind, "ada", Some("t1"), None, None)).collect()
    }

    /// Makes later events larger by about this many bytes.
    pub(crate) fn pad_events(&self, bytes: usize) {
        *self.log.padding.lock().unwrap() = format!(",\"padding\":\"{}\"", "x".repeat(bytes));
    }

    pub(crate) fn commit_by(&self, actor: &str, task: Option<&str>, kind: EventKind) -> Vec<Arc<LogEntry>> {
        vec![self.append(kind, actor, task, None, None)]
    }

    pub(crate) fn commit_from(&self, client: &Client, kind: EventKind) -> Vec<Arc<LogEntry>> {
        vec![self.append(kind, "ada", Some("t1"), None, Some(client.socket.origin()))]
    }

    pub(crate) fn add_member(&self, user: &str) -> Vec<Arc<LogEntry>> {
        self.log.members.lock().unwrap().insert(user.to_owned());
        vec![self.append(EventKind::BoardMemberSet, "ada", None, Some(user), None)]
    }

    pub(crate) fn remove_member(&self, user: &str) -> Vec<Arc<LogEntry>> {
        self.log.members.lock().unwrap().remove(user);
        vec![self.append(EventKind::BoardMemberRemoved, "ada", None, Some(user), None)]
    }

    pub(crate) async fn publish(&self, entries: &[Arc<LogEntry>]) {
        self.hub.publish(entries).await;
    }

    pub(crate) fn publish_detached(&self, entries: &[Arc<LogEntry>]) {
        let (hub, entries) = (Arc::clone(&self.hub), entries.to_vec());
        tokio::spawn(async move { hub.publish(&entries).await });
    }

    /// Removes the events up to this one from the log.
    pub(crate) fn prune_up_to(&self, seq: u64) {
        self.log.entries.lock().unwrap().retain(|known, _| known.0 > seq);
    }

    /// Returns how many reads of the log have failed because it was down.
    pub(crate) fn failed_reads(&self) -> u64 {
        self.log.failed_reads.load(Ordering::SeqCst)
    }

    pub(crate) fn set_log_down(&self, is_down: bool) {
        self.log.is_down.store(is_down, Ordering::SeqCst);
    }
}

pub(crate) fn filters(task: Option<&str>, user: Option<&str>) -> Filters {
    Filters {
        board_id: None,
        task_id: task.map(|task| task.try_into().unwrap()),
        user_id: user.map(|user| user.try_into().unwrap()),
    }
}

pub(crate) fn ephemeral_frame() -> Frame {
    Frame::Ephemeral(EventKind::ServerClosing, Arc::from(RawValue::NULL.to_owned()))
}
