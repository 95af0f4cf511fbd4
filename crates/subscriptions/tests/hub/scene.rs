//! One board with the members ada and bob, its log in memory, and sockets that keep what they are given.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use boardwire_auth::{CredentialId, Permissions, Principal};
use boardwire_protocol::{
    BoardId, EventKind, Seq, SubscriptionId, TaskId, Timestamp, UserId, ViewerStatus, connection::Filters,
};
use boardwire_services::{
    Caller, Origin, Publisher as _,
    clock::{Clock, SystemClock, Uuid},
    storage::{Head, Log, LogEntry, StorageError, StorageResult},
};
use boardwire_subscriptions::{Frame, Hub, JoinError, Joined, Outbox, Resume, Socket, SocketKey, Subscription};
use serde_json::{Value, value::RawValue};
use tokio::sync::Notify;

const MAX_SUBSCRIPTIONS: usize = 4;

#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) hub: Arc<Hub>,
    pub(crate) board: BoardId,
    log: Arc<MemoryLog>,
    keys: Arc<AtomicU64>,
}

#[derive(Default)]
struct MemoryLog {
    entries: Mutex<BTreeMap<Seq, Arc<LogEntry>>>,
    head: Mutex<Seq>,
    members: Mutex<BTreeSet<String>>,
    /// What events have beside their number.
    more: Mutex<String>,
    down: AtomicBool,
    /// How often it was asked while it was down.
    refused: AtomicU64,
}

impl MemoryLog {
    fn check(&self) -> StorageResult<()> {
        match self.down.load(Ordering::SeqCst) {
            true => {
                self.refused.fetch_add(1, Ordering::SeqCst);
                Err(StorageError::Unavailable("the log is down".into()))
            }
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn head(&self, _: &BoardId) -> StorageResult<Option<Head>> {
        self.check()?;
        let seq = *self.head.lock().unwrap();
        let oldest = self.entries.lock().unwrap().keys().next().copied().unwrap_or(seq.next());
        let members = self.members.lock().unwrap().iter().map(|user| user.as_str().try_into().unwrap()).collect();
        Ok(Some(Head { seq, oldest, epoch: "first".try_into().unwrap(), members }))
    }

    async fn read(&self, _: &BoardId, after: Seq, limit: u32) -> StorageResult<Vec<Arc<LogEntry>>> {
        self.check()?;
        tokio::task::yield_now().await;
        let entries = self.entries.lock().unwrap();
        Ok(entries.range(after.next()..).take(limit as usize).map(|(_, entry)| Arc::clone(entry)).collect())
    }
}

/// Time that passes when a test says so.
pub(crate) struct ManualClock {
    began: Instant,
    passed: AtomicU64,
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000 + self.passed.load(Ordering::SeqCst) as i64)
    }

    fn monotonic(&self) -> Instant {
        self.began + Duration::from_millis(self.passed.load(Ordering::SeqCst))
    }

    fn new_uuid(&self) -> Uuid {
        SystemClock.new_uuid()
    }
}

/// A scene whose time stands still.
pub(crate) struct Timed {
    pub(crate) scene: Scene,
    clock: Arc<ManualClock>,
}

impl Timed {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock { began: SystemClock.monotonic(), passed: AtomicU64::new(0) });
        Self { scene: Scene::with_clock(Arc::clone(&clock) as Arc<dyn Clock>), clock }
    }

    /// Lets so many milliseconds pass, and nothing more.
    pub(crate) fn advance(&self, millis: u64) {
        self.clock.passed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Lets so many milliseconds pass, and then the hub do its own work once.
    pub(crate) fn pass(&self, millis: u64) {
        self.advance(millis);
        self.scene.hub.end_what_is_due();
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let log = Arc::new(MemoryLog::default());
        log.members.lock().unwrap().extend(["ada".to_owned(), "bob".to_owned()]);
        let hub = Hub::new(Arc::clone(&log) as Arc<dyn Log>, clock, MAX_SUBSCRIPTIONS);
        Self { hub, board: "b1".try_into().unwrap(), log, keys: Arc::default() }
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
        let kept = Arc::new(Kept::default());
        let key = SocketKey(self.keys.fetch_add(1, Ordering::SeqCst) as i64);
        let socket = Socket::new(key, caller.unwrap(), Arc::clone(&kept) as Arc<dyn Outbox>);
        self.hub.connect(&socket);
        Client { socket, kept }
    }

    pub(crate) async fn view(&self, client: &Client, since: Option<u64>) -> Joined {
        let resume = since.map(|since| Resume { since: Seq(since), epoch: None });
        self.hub.view_board(&client.socket, &self.board, resume).await.unwrap()
    }

    pub(crate) async fn view_task(&self, client: &Client, task: &str) {
        self.hub.view_task(&client.socket, &self.board, &task.try_into().unwrap()).await.unwrap();
    }

    pub(crate) async fn declare(&self, client: &Client, status: ViewerStatus, task: Option<&str>) {
        let place = task.map(|task| (self.board.clone(), Some(task.try_into().unwrap())));
        self.hub.declare(&client.socket, status, place).await.unwrap();
    }

    pub(crate) fn stop_typing(&self, client: &Client, task: Option<&str>) {
        let task = task.map(|task| task.try_into().unwrap());
        self.hub.stop_typing(&client.socket, &self.board, task.as_ref());
    }

    pub(crate) async fn type_on(&self, client: &Client, task: Option<&str>) -> Result<(), JoinError> {
        let task: Option<TaskId> = task.map(|task| task.try_into().unwrap());
        self.hub.start_typing(&client.socket, &self.board, task.as_ref()).await
    }

    /// Each user who is present, how and on which task.
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
        let mut head = self.log.head.lock().unwrap();
        *head = head.next();
        let user = |name: &str| UserId::try_from(name).unwrap();
        let entry = Arc::new(LogEntry {
            board_id: self.board.clone(),
            seq: *head,
            kind,
            task_id: task.map(|task| task.try_into().unwrap()),
            subject: subject.map(user),
            actor: Some(user(actor)),
            origin,
            at: SystemClock.now(),
            envelope: RawValue::from_string(format!("{{\"seq\":{}{}}}", head.0, self.log.more.lock().unwrap()))
                .unwrap(),
        });
        self.log.entries.lock().unwrap().insert(entry.seq, Arc::clone(&entry));
        entry
    }

    pub(crate) fn commit(&self, count: u64, kind: EventKind) -> Vec<Arc<LogEntry>> {
        (0..count).map(|_| self.append(kind, "ada", Some("t1"), None, None)).collect()
    }

    /// The events from now on are about this large.
    pub(crate) fn enlarge(&self, bytes: usize) {
        *self.log.more.lock().unwrap() = format!(",\"more\":\"{}\"", "x".repeat(bytes));
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

    pub(crate) fn forget_up_to(&self, seq: u64) {
        self.log.entries.lock().unwrap().retain(|known, _| known.0 > seq);
    }

    /// How often the log was asked while it was down.
    pub(crate) fn refused(&self) -> u64 {
        self.log.refused.load(Ordering::SeqCst)
    }

    pub(crate) fn break_log(&self, down: bool) {
        self.log.down.store(down, Ordering::SeqCst);
    }
}

type Page = Pin<Box<dyn Future<Output = ()> + Send>>;

type EachPage = Box<dyn Fn(u64) -> Page + Send + Sync>;

#[derive(Default)]
struct Kept {
    frames: Mutex<Vec<Frame>>,
    came: Notify,
    pages: AtomicU64,
    /// Bytes since it was last asked whether it is ready, and the most that there were.
    step: AtomicU64,
    largest_step: AtomicU64,
    before_page: Mutex<Option<(u64, Page)>>,
    at_each_page: OnceLock<EachPage>,
}

#[async_trait]
impl Outbox for Kept {
    fn push(&self, frame: Frame) {
        let step = self.step.fetch_add(frame.size() as u64, Ordering::SeqCst) + frame.size() as u64;
        self.largest_step.fetch_max(step, Ordering::SeqCst);
        self.frames.lock().unwrap().push(frame);
        self.came.notify_waiters();
    }

    async fn ready(&self) -> bool {
        self.step.store(0, Ordering::SeqCst);
        let page = self.pages.fetch_add(1, Ordering::SeqCst) + 1;
        let due = self.before_page.lock().unwrap().take_if(|(at, _)| *at == page);
        if let Some((_, work)) = due {
            work.await;
        }
        if let Some(work) = self.at_each_page.get() {
            work(page).await;
        }
        true
    }
}

pub(crate) struct Client {
    pub(crate) socket: Arc<Socket>,
    kept: Arc<Kept>,
}

impl Client {
    /// The numbers of the durable events so far; they are taken out.
    pub(crate) fn taken(&self) -> Vec<u64> {
        let mut frames = self.kept.frames.lock().unwrap();
        frames
            .extract_if(.., |frame| matches!(frame, Frame::Durable(_)))
            .filter_map(|frame| match frame {
                Frame::Durable(entry) => Some(entry.seq.0),
                Frame::Ephemeral(..) => None,
            })
            .collect()
    }

    /// The most bytes that came at once: without asking whether there is room.
    pub(crate) fn largest_step(&self) -> u64 {
        self.kept.largest_step.load(Ordering::SeqCst)
    }

    /// Waits until so many durable events have come.
    pub(crate) async fn received(&self, count: usize) -> Vec<u64> {
        let wait = async {
            loop {
                let came = self.kept.came.notified();
                tokio::pin!(came);
                came.as_mut().enable();
                if self.kept.frames.lock().unwrap().len() >= count {
                    return self.taken();
                }
                came.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the events did not come")
    }

    pub(crate) fn ephemeral(&self) -> usize {
        let mut frames = self.kept.frames.lock().unwrap();
        frames.extract_if(.., |frame| matches!(frame, Frame::Ephemeral(..))).count()
    }

    /// The ephemeral events so far, in a few words each; they are taken out.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut frames = self.kept.frames.lock().unwrap();
        let ephemeral = frames.extract_if(.., |frame| matches!(frame, Frame::Ephemeral(..)));
        ephemeral
            .map(|frame| {
                let body: Value = serde_json::from_str(frame.body().get()).unwrap();
                format!("{} {}", frame.kind().name(), words(&body["data"])).trim_end().to_owned()
            })
            .collect()
    }

    /// Does something after each page of a replay, which is given its number, from 1.
    pub(crate) fn at_each_page<F>(&self, work: impl Fn(u64) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work: EachPage = Box::new(move |page| Box::pin(work(page)));
        assert!(self.kept.at_each_page.set(work).is_ok(), "once");
    }

    /// How many pages of the log it has been given.
    pub(crate) fn pages(&self) -> u64 {
        self.kept.pages.load(Ordering::SeqCst)
    }

    pub(crate) fn before_page(&self, page: u64, work: impl Future<Output = ()> + Send + 'static) {
        *self.kept.before_page.lock().unwrap() = Some((page, Box::pin(work)));
    }
}

/// What there is to know about an event or a viewer: who, how, on which task, which notifications.
fn words(data: &Value) -> String {
    let batch = data["notifications"].as_array().into_iter().flatten().map(|one| &one["id"]);
    let fields = [&data["userId"], &data["status"], &data["taskId"], &data["notification"]["id"]];
    let words: Vec<_> = fields.into_iter().chain(batch).filter_map(Value::as_str).collect();
    words.join(" ")
}

/// Has everybody let go of the connection?
pub(crate) fn is_forgotten(client: Client) -> bool {
    let weak: Weak<Socket> = Arc::downgrade(&client.socket);
    drop(client);
    weak.upgrade().is_none()
}

pub(crate) fn filters(task: Option<&str>, user: Option<&str>) -> Filters {
    Filters {
        board_id: None,
        task_id: task.map(|task| task.try_into().unwrap()),
        user_id: user.map(|user| user.try_into().unwrap()),
    }
}

pub(crate) fn ephemeral() -> Frame {
    Frame::Ephemeral(EventKind::ServerClosing, Arc::from(RawValue::NULL.to_owned()))
}
