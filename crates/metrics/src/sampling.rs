//! What is kept of the recent past: a sample for each second of the last minute, slow consumers, and who called.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use boardwire_protocol::{Timestamp, UserId};
use boardwire_subscriptions::Tally;
use serde::Serialize;

use crate::{Counts, TransportKind};

/// Samples that are kept, one for each second.
const SAMPLES: usize = 60;
/// Slow consumers that are kept.
const SLOW_CONSUMERS: usize = 50;

/// A connection that was ended because it did not keep up.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlowConsumer {
    /// When it was ended.
    pub at: Timestamp,
    /// The user whose connection it was.
    pub user_id: UserId,
    /// The way by which it had come.
    pub door: TransportKind,
    /// What it did not do.
    pub reason: &'static str,
}

/// What happened within one second.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample {
    /// When the second ended.
    pub at: Timestamp,
    /// How much happened within it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The recent past.
#[derive(Default)]
pub(crate) struct Recent {
    /// How often each user has called, by whatever door.
    calls: Tally<UserId>,
    /// The latest first.
    slow: VecDeque<SlowConsumer>,
    /// The latest last.
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
        self.slow.truncate(SLOW_CONSUMERS);
    }

    /// Takes the sample of the second that ends now.
    pub(crate) fn sample(&mut self, at: Timestamp, counts: Counts) {
        self.samples.push_back(Sample { at, counts: counts.since(self.last) });
        self.last = counts;
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
    }

    /// Returns the samples, the latest last, and the slow consumers, the latest first.
    pub(crate) fn history(&self) -> (Vec<Sample>, Vec<SlowConsumer>) {
        (self.samples.iter().copied().collect(), self.slow.iter().cloned().collect())
    }
}
