//! What has to be done from time to time: forgetting old requests and old events.

use std::{sync::Arc, time::Duration};

use boardwire_protocol::Timestamp;
use boardwire_services::{clock::Clock, storage::Store};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(3600);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Prunes once an hour until the token is cancelled. `event_days` 0 keeps all events.
pub(crate) async fn run(store: Arc<dyn Store>, clock: Arc<dyn Clock>, event_days: u32, stop: CancellationToken) {
    let mut turn = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turn.tick() => {}
        }
        let now = clock.now().0;
        let events = (event_days > 0).then(|| Timestamp(now - i64::from(event_days) * DAY_MS));
        if let Err(error) = store.prune(Timestamp(now - DAY_MS), events).await {
            tracing::warn!(%error, "can't prune the database; trying again in an hour");
        }
    }
}
