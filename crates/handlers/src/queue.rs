//! The queue of one connection: bounded by number and by bytes.

use std::collections::VecDeque;

use boardwire_subscriptions::Frame;
use serde_json::value::RawValue;

/// The most frames that may wait for one connection; beyond that, the connection ends and its client resumes with
/// `since`. One commit can bring thousands; connections share them, so that a waiting frame costs a pointer.
const MAX_WAITING: usize = 8192;
/// The most bytes of waiting events. An event that all other connections have sent is kept in memory for this one
/// alone.
const MAX_EVENT_BYTES: usize = 8 << 20;
/// A replay continues, and the next command is executed, when no more than this many frames wait, and no more than this
/// many bytes, answers included. So at most one answer goes beyond that, however large it is.
const LOW_WATER: usize = 256;
const LOW_WATER_BYTES: usize = 256 * 1024;

/// A frame or an answer to be sent.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    /// An event that many receive.
    Event(Frame),
    /// The answer to a callback.
    Acknowledgement(i64, Box<RawValue>),
    /// The answer to a command without a callback.
    Answer(String, Box<RawValue>),
}

impl Outgoing {
    /// Returns the size in bytes, without the packet around it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Event(frame) => frame.size(),
            Self::Acknowledgement(_, body) => body.get().len(),
            Self::Answer(name, body) => name.len() + body.get().len(),
        }
    }
}

/// The frames and answers that wait, in order.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Outgoing>,
    event_bytes: usize,
    answer_bytes: usize,
}

impl Queue {
    pub(crate) fn put(&mut self, outgoing: Outgoing) {
        *self.bytes_of_kind(&outgoing) += outgoing.size();
        self.waiting.push_back(outgoing);
    }

    pub(crate) fn front(&self) -> Option<&Outgoing> {
        self.waiting.front()
    }

    /// Removes the first of them.
    pub(crate) fn take(&mut self) {
        if let Some(outgoing) = self.waiting.pop_front() {
            *self.bytes_of_kind(&outgoing) -= outgoing.size();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns whether there is no room for this.
    pub(crate) fn is_full(&self, outgoing: &Outgoing) -> bool {
        let event = matches!(outgoing, Outgoing::Event(_)) && self.event_bytes > 0;
        self.waiting.len() >= MAX_WAITING || event && self.event_bytes + outgoing.size() > MAX_EVENT_BYTES
    }

    /// Returns whether there is room for another step of a replay, and for the next answer.
    pub(crate) fn is_low(&self) -> bool {
        self.waiting.len() <= LOW_WATER && self.event_bytes + self.answer_bytes <= LOW_WATER_BYTES
    }

    fn bytes_of_kind(&mut self, outgoing: &Outgoing) -> &mut usize {
        match outgoing {
            Outgoing::Event(_) => &mut self.event_bytes,
            Outgoing::Acknowledgement(..) | Outgoing::Answer(..) => &mut self.answer_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use boardwire_protocol::EventKind;

    use super::*;

    fn body(size: usize) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(size - 2))).expect("JSON")
    }

    fn event(size: usize) -> Outgoing {
        Outgoing::Event(Frame::Ephemeral(EventKind::Error, Arc::from(body(size))))
    }

    fn answer(size: usize) -> Outgoing {
        Outgoing::Acknowledgement(0, body(size))
    }

    /// Checks how many of `count` copies are accepted, and whether the next command may begin then.
    fn check(outgoing: &Outgoing, count: usize, accepted: usize, low: bool) {
        let mut queue = Queue::default();
        let room = (0..count).take_while(|_| {
            let room = !queue.is_full(outgoing);
            if room {
                queue.put(outgoing.clone());
            }
            room
        });
        assert_eq!(room.count(), accepted, "{count} of {}", outgoing.size());
        assert_eq!(queue.is_low(), low, "{count} of {}", outgoing.size());
        (0..accepted).for_each(|_| queue.take());
        assert!(queue.is_low() && queue.is_empty() && (queue.event_bytes, queue.answer_bytes) == (0, 0));
    }

    #[test]
    fn the_queue_is_bounded_by_number_and_by_bytes() {
        check(&event(100), LOW_WATER, LOW_WATER, true);
        check(&event(100), LOW_WATER + 1, LOW_WATER + 1, false);
        check(&event(10), MAX_WAITING + 1, MAX_WAITING, false);
        check(&event(1 << 20), 10, 8, false);
        // A single event may be of any size, and so may answers: the next command waits until they have been sent.
        check(&event(MAX_EVENT_BYTES + 1), 2, 1, false);
        check(&answer(MAX_EVENT_BYTES + 1), 2, 2, false);
        check(&answer(LOW_WATER_BYTES / 2), 2, 2, true);
        check(&answer(LOW_WATER_BYTES / 2), 3, 3, false);
    }
}
