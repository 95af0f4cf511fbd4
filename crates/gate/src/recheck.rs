//! Open connections follow their accounts and credentials: whatever is revoked, ended or narrowed, on this node or
//! another, or by the command line, leaves a change in storage, and its connections look at themselves again.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use boardwire_protocol::UserId;
use boardwire_services::Publisher as _;
use boardwire_subscriptions::{Socket, SocketKey};
use tokio::{sync::Notify, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::Gate;

/// How often storage is asked. What is revoked ends within a second.
const EVERY: Duration = Duration::from_millis(200);
/// Changes may appear out of order, by as many places as units of work run at the same time.
const OVERLAP: i64 = 100;

/// The connections that can be asked to look at their credentials again, by user.
#[derive(Default)]
pub(crate) struct Rechecks {
    by_user: Mutex<HashMap<UserId, HashMap<SocketKey, Arc<Notify>>>>,
}

impl Rechecks {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, HashMap<SocketKey, Arc<Notify>>>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, socket: &Socket, recheck: &Arc<Notify>) {
        self.lock().entry(socket.user().clone()).or_default().insert(socket.key(), Arc::clone(recheck));
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        let mut by_user = self.lock();
        if let Some(theirs) = by_user.get_mut(socket.user()) {
            theirs.remove(&socket.key());
            if theirs.is_empty() {
                by_user.remove(socket.user());
            }
        }
    }

    fn ask(&self, user: &UserId) {
        for recheck in self.lock().get(user).into_iter().flat_map(HashMap::values) {
            recheck.notify_one();
        }
    }
}

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
            gate.rechecks.ask(&user);
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
