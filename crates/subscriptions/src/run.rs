//! The hub's background work.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Hub;

/// How often unused channels are closed.
const SWEEP: Duration = Duration::from_secs(30);
/// How often [`Hub::end_what_is_due`] is called.
const TICK: Duration = Duration::from_millis(100);

impl Hub {
    /// Calls [`end_what_is_due`](Self::end_what_is_due) ten times a second, closes unused channels, and catches up with
    /// the log when requested. Returns when the token is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        // The timers must not wait for the log, which may not answer throughout an outage.
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.run_timers() => {}
            () = self.catch_up_when_requested() => {}
        }
    }

    async fn catch_up_when_requested(&self) {
        loop {
            self.check_requested.notified().await;
            self.catch_up_all().await;
        }
    }

    async fn run_timers(&self) {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = sweep.tick() => self.close_idle(),
                _ = tick.tick() => self.end_what_is_due(),
            }
        }
    }

    /// Ends grace periods and typing that are over, and sends the batches of notifications that are due. [`Hub::run`]
    /// calls it ten times a second.
    pub fn end_what_is_due(&self) {
        let now = self.clock.monotonic();
        self.presence.end_grace_periods(now);
        self.typing.end_expired(now);
        self.notifications.send_due(now);
    }

    /// Closes the channels that nobody uses. An occupied board keeps its channel, which knows who may read the board.
    fn close_idle(&self) {
        let now = self.clock.monotonic();
        self.presence.with_occupancy(|is_occupied| self.channels.remove_idle(now, is_occupied));
    }
}
