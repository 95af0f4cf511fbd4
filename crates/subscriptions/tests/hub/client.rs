//! A client: a connection whose outbox records what the hub puts into it.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use boardwire_subscriptions::{Frame, Outbox, Socket};
use serde_json::Value;
use tokio::sync::Notify;

/// What a test does at a page of a replay.
type PageWork = Pin<Box<dyn Future<Output = ()> + Send>>;

type EveryPageWork = Box<dyn Fn(u64) -> PageWork + Send + Sync>;

/// An outbox that records its frames.
#[derive(Default)]
pub(crate) struct RecordingOutbox {
    frames: Mutex<Vec<Frame>>,
    arrived: Notify,
    /// How often [`Outbox::ready`] was called: once after each page of a replay.
    pages: AtomicU64,
    /// Bytes pushed since the last call of [`Outbox::ready`].
    step: AtomicU64,
    /// The largest value of `step` so far.
    largest_step: AtomicU64,
    after_page: Mutex<Option<(u64, PageWork)>>,
    at_every_page: OnceLock<EveryPageWork>,
}

#[async_trait]
impl Outbox for RecordingOutbox {
    fn push(&self, frame: Frame) {
        let step = self.step.fetch_add(frame.size() as u64, Ordering::SeqCst) + frame.size() as u64;
        self.largest_step.fetch_max(step, Ordering::SeqCst);
        self.frames.lock().unwrap().push(frame);
        self.arrived.notify_waiters();
    }

    async fn ready(&self) -> bool {
        self.step.store(0, Ordering::SeqCst);
        let page = self.pages.fetch_add(1, Ordering::SeqCst) + 1;
        let due = self.after_page.lock().unwrap().take_if(|(at, _)| *at == page);
        if let Some((_, work)) = due {
            work.await;
        }
        if let Some(work) = self.at_every_page.get() {
            work(page).await;
        }
        true
    }
}

pub(crate) struct Client {
    pub(crate) socket: Arc<Socket>,
    pub(crate) outbox: Arc<RecordingOutbox>,
}

impl Client {
    /// Takes the durable events that have arrived, and returns their numbers.
    pub(crate) fn take_seqs(&self) -> Vec<u64> {
        let mut frames = self.outbox.frames.lock().unwrap();
        frames
            .extract_if(.., |frame| matches!(frame, Frame::Durable(_)))
            .filter_map(|frame| match frame {
                Frame::Durable(entry) => Some(entry.seq.0),
                Frame::Ephemeral(..) => None,
            })
            .collect()
    }

    /// Returns the most bytes that were pushed between two calls of [`Outbox::ready`].
    pub(crate) fn largest_step(&self) -> u64 {
        self.outbox.largest_step.load(Ordering::SeqCst)
    }

    /// Waits until this many durable events have arrived, takes all, and returns their numbers.
    pub(crate) async fn wait_for_seqs(&self, count: usize) -> Vec<u64> {
        let wait = async {
            loop {
                let arrived = self.outbox.arrived.notified();
                tokio::pin!(arrived);
                arrived.as_mut().enable();
                if self.outbox.frames.lock().unwrap().len() >= count {
                    return self.take_seqs();
                }
                arrived.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the events did not arrive")
    }

    /// Discards the ephemeral events that have arrived, and returns how many there were.
    pub(crate) fn discard_ephemeral(&self) -> usize {
        let mut frames = self.outbox.frames.lock().unwrap();
        frames.extract_if(.., |frame| matches!(frame, Frame::Ephemeral(..))).count()
    }

    /// Takes the ephemeral events that have arrived, and returns the kind and the [`words`] of each.
    pub(crate) fn take_ephemeral(&self) -> Vec<String> {
        let mut frames = self.outbox.frames.lock().unwrap();
        let ephemeral = frames.extract_if(.., |frame| matches!(frame, Frame::Ephemeral(..)));
        ephemeral
            .map(|frame| {
                let body: Value = serde_json::from_str(frame.body().get()).unwrap();
                format!("{} {}", frame.kind().name(), words(&body["data"])).trim_end().to_owned()
            })
            .collect()
    }

    /// Has `work` done after each page of a replay. It is given the number of the page, from 1.
    pub(crate) fn at_every_page<F>(&self, work: impl Fn(u64) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work: EveryPageWork = Box::new(move |page| Box::pin(work(page)));
        assert!(self.outbox.at_every_page.set(work).is_ok(), "set already");
    }

    /// Returns how many pages of the log have been replayed to it.
    pub(crate) fn pages(&self) -> u64 {
        self.outbox.pages.load(Ordering::SeqCst)
    }

    /// Has `work` done after page number `page` of a replay, and before the next.
    pub(crate) fn after_page(&self, page: u64, work: impl Future<Output = ()> + Send + 'static) {
        *self.outbox.after_page.lock().unwrap() = Some((page, Box::pin(work)));
    }
}

/// Returns the user, status, task and notification ids in the data of an event or a viewer, separated by spaces.
pub(crate) fn words(data: &Value) -> String {
    let batch = data["notifications"].as_array().into_iter().flatten().map(|one| &one["id"]);
    let fields = [&data["userId"], &data["status"], &data["taskId"], &data["notification"]["id"]];
    let words: Vec<_> = fields.into_iter().chain(batch).filter_map(Value::as_str).collect();
    words.join(" ")
}

/// Returns whether nobody else holds the connection.
pub(crate) fn is_dropped(client: Client) -> bool {
    let weak: Weak<Socket> = Arc::downgrade(&client.socket);
    drop(client);
    weak.upgrade().is_none()
}
