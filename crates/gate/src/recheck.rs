//! Open connections follow their accounts and credentials: whatever is revoked, ended or narrowed, on this node or
//! another, or by the command line, leaves a change in storage, and its connections look at themselves again.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use boardwire_services::Publisher as _;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Gate;

/// How often storage is asked. What is revoked ends within a second.
const EVERY: Duration = Duration::from_millis(200);
/// Changes may appear out of order, by as many places as units of work run at the same time.
const OVERLAP: i64 = 100;

/// Follows the list of changes until the token is cancelled.
pub(crate) async fn run(gate: Arc<Gate>, stop: CancellationToken) {
    let mut turn = tokio::time::interval(EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut follower = Follower::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turn.tick() => {}
        }
        match follower.next(&gate).await {
            Ok(()) => follower.failing = false,
            Err(error) if !follower.failing => {
                follower.failing = true;
                tracing::warn!(%error, "can't look for revoked credentials; trying again");
            }
            Err(_) => {}
        }
    }
}

#[derive(Default)]
struct Follower {
    /// The places that have been dealt with, from `last - OVERLAP` on.
    seen: BTreeSet<i64>,
    last: Option<i64>,
    failing: bool,
}

impl Follower {
    async fn next(&mut self, gate: &Gate) -> Result<(), boardwire_services::Fault> {
        let store = gate.services.store();
        let Some(last) = self.last else {
            self.last = Some(store.last_account_change().await?);
            return Ok(());
        };
        let changes = store.account_changes(last - OVERLAP).await?;
        let begins = self.seen.is_empty();
        let mut users = BTreeSet::new();
        for change in changes {
            let before_our_time = begins && change.id <= last;
            if self.seen.insert(change.id) && !before_our_time {
                users.insert(change.user);
            }
            self.last = self.last.max(Some(change.id));
        }
        self.seen = self.seen.split_off(&(self.last.unwrap_or(0) - OVERLAP));
        let changed = !users.is_empty();
        for user in users {
            gate.connections.recheck(&user);
            if let Err(error) = gate.services.sync_teams(&user).await {
                tracing::warn!(%user, %error, "can't bring the user's team boards up to date");
            }
        }
        if changed {
            // Whoever changed the account may have changed memberships too, in another process.
            gate.hub.suspect();
        }
        Ok(())
    }
}
