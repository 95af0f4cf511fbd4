//! The recent past: a sample for each second of the last minute, slow consumers, and the calls of users.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use boardwire_protocol::{Timestamp, UserId};
use boardwire_subscriptions::Tally;
use serde::Serialize;

use crate::{Counts, TransportKind};

/// How many samples are kept, one per second.
const MAX_SAMPLES: usize = 60;
/// How many slow consumers are kept.
const MAX_SLOW_CONSUMERS: usize = 50;

/// A connection that was ended because it did not keep up.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlowConsumer {
    /// When it was ended.
    pub at: Timestamp,
    /// The user whose connection it was.
    pub user_id: UserId,
    /// The kind of the connection.
    pub door: TransportKind,
    /// Why it was ended.
    pub reason: &'static str,
}

/// The counts of one second.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample {
    /// When the second ended.
    pub at: Timestamp,
    /// The counts within it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What has been recorded lately.
#[derive(Default)]
pub(crate) struct Recent {
    /// How often each user has called, at any door.
    calls: Tally<UserId>,
    /// The newest first.
    slow: VecDeque<SlowConsumer>,
    /// The newest last.
    samples: VecDeque<Sample>,
    /// The counts when the last sample was taken.
    last: Counts,
}

impl Recent {
    pub(crate) fn record_call(&mut self, user: &UserId, now: Instant) {
        self.calls.count(user, 1, now);
    }

    /// Returns how often each user has called within the last minute.
    pub(crate) fn calls(&mut self, now: Instant) -> HashMap<UserId, u64> {
        self.calls.counts(now)
    }

    pub(crate) fn record_slow(&mut self, slow: SlowConsumer) {
        self.slow.push_front(slow);
        self.slow.truncate(MAX_SLOW_CONSUMERS);
    }

    /// Takes the sample of the second that ends now.
    pub(crate) fn sample(&mut self, at: Timestamp, counts: Counts) {
        self.samples.push_back(Sample { at, counts: counts.since(self.last) });
        self.last = counts;
        if self.samples.len() > MAX_SAMPLES {
            self.samples.pop_front();
        }
    }

    /// Returns the samples, the newest last, and the slow consumers, the newest first.
    pub(crate) fn history(&self) -> (Vec<Sample>, Vec<SlowConsumer>) {
        (self.samples.iter().copied().collect(), self.slow.iter().cloned().collect())
    }
}
