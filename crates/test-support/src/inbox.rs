//! The events that a client has received and the test has not yet taken, in order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

/// An event from the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name on the wire.
    pub name: String,
    /// Its argument: the envelope of a board event.
    pub payload: Value,
}

impl Event {
    /// Returns the board's sequence number, if the event is durable.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.payload["seq"].as_u64()
    }

    /// Returns the board it belongs to, if the envelope names one.
    #[must_use]
    pub fn board(&self) -> Option<&str> {
        self.payload["boardId"].as_str()
    }

    /// Returns whether it is ephemeral: about presence, typing or notifications. Such events are not part of a board's
    /// log, and tests of the log skip them.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        ["user:", "typing:", "notification"].iter().any(|prefix| self.name.starts_with(prefix))
    }

    /// Returns the envelope's `data`.
    #[must_use]
    pub fn data(&self) -> &Value {
        &self.payload["data"]
    }
}

/// One entry of a client's recording: what it received, in the order of arrival.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// The acknowledgement of the command that was sent with this id.
    Ack(u64, Value),
    /// An event.
    Event(Event),
}

/// The state shared by a client and its reading task. It is unbounded: a test reads few events.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Notified after each change.
    pub(crate) arrived: Notify,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    ephemeral: VecDeque<Event>,
    pending: HashMap<u64, oneshot::Sender<Value>>,
    recording: Option<Vec<Received>>,
    closed: Option<String>,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves a place for the acknowledgement with this id; after the connection has closed, none comes.
    pub(crate) fn expect_ack(&self, id: u64) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        if state.closed.is_none() {
            state.pending.insert(id, sender);
        }
        receiver
    }

    /// Handles an acknowledgement; returns `false` if nobody asked for it.
    pub(crate) fn ack(&self, id: u64, reply: Value) -> bool {
        let mut state = self.state();
        let Some(waiting) = state.pending.remove(&id) else { return false };
        if let Some(recording) = &mut state.recording {
            recording.push(Received::Ack(id, reply.clone()));
        }
        // The test may have stopped waiting for it, which is fine.
        let _ = waiting.send(reply);
        true
    }

    /// Adds an event.
    pub(crate) fn event(&self, event: Event) {
        let mut state = self.state();
        if event.is_ephemeral() {
            state.ephemeral.push_back(event);
        } else {
            if let Some(recording) = &mut state.recording {
                recording.push(Received::Event(event.clone()));
            }
            state.events.push_back(event);
        }
        drop(state);
        self.arrived.notify_waiters();
    }

    /// Closes the inbox: nobody waits for an acknowledgement any more.
    pub(crate) fn close(&self, reason: impl Into<String>) {
        let mut state = self.state();
        state.closed.get_or_insert_with(|| reason.into());
        state.pending.clear();
        drop(state);
        self.arrived.notify_waiters();
    }

    /// Returns why the connection ended, if it has.
    pub(crate) fn closed(&self) -> Option<String> {
        self.state().closed.clone()
    }

    /// Takes the first event that `wanted` accepts.
    pub(crate) fn take(&self, mut wanted: impl FnMut(&Event) -> bool) -> Option<Event> {
        let mut state = self.state();
        let index = state.events.iter().position(&mut wanted)?;
        state.events.remove(index)
    }

    /// Takes the first event of this name, ephemeral or not.
    pub(crate) fn take_named(&self, name: &str) -> Option<Event> {
        let mut state = self.state();
        let state = &mut *state;
        [&mut state.events, &mut state.ephemeral].into_iter().find_map(|events| {
            let index = events.iter().position(|event| event.name == name)?;
            events.remove(index)
        })
    }

    /// Takes the first ephemeral event.
    pub(crate) fn take_ephemeral(&self) -> Option<Event> {
        self.state().ephemeral.pop_front()
    }

    /// Takes all ephemeral events.
    pub(crate) fn drain_ephemeral(&self) -> Vec<Event> {
        self.state().ephemeral.drain(..).collect()
    }

    /// Takes all events.
    pub(crate) fn drain(&self) -> Vec<Event> {
        self.state().events.drain(..).collect()
    }

    /// Begins a recording.
    pub(crate) fn record(&self) {
        self.state().recording = Some(Vec::new());
    }

    /// Returns what was recorded since the last call.
    pub(crate) fn recorded(&self) -> Vec<Received> {
        self.state().recording.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
