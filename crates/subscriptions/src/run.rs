//! The hub's own work, which no command asks for.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Hub;

/// How often channels that nobody uses are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// How often it is looked for what has ended by itself.
const TICK: Duration = Duration::from_millis(100);

impl Hub {
    /// Ends what ends by itself, closes channels that nobody uses, and looks into the log after a failed commit. Returns
    /// when the token is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        // What ends by itself does not wait for the log, which may not answer for as long as an outage lasts.
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_time() => {}
            () = self.catch_up_when_requested() => {}
        }
    }

    async fn catch_up_when_requested(&self) {
        loop {
            self.check_requested.notified().await;
            self.catch_up_all().await;
        }
    }

    async fn keep_time(&self) {
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
        self.presence.end_graces(now);
        self.typing.end_silences(now);
        self.notifications.send_due(now);
    }

    /// Closes the channels that nobody uses. Boards that somebody is on keep theirs: it says who may read them.
    fn close_idle(&self) {
        let now = self.clock.monotonic();
        self.presence.with_occupied(|is_occupied| self.channels.remove_idle(now, is_occupied));
    }
}
