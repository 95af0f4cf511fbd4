//! Open connections follow their accounts and credentials: when any process revokes, ends or narrows one of them,
//! storage records a change of the account, and the account's connections check their credentials again. The boards of
//! its teams are updated too, by a separate task, so that no revocation waits for that.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use boardwire_services::{Publisher as _, ServiceError};
use tokio::time::{MissedTickBehavior, sleep};
use tokio_util::sync::CancellationToken;

use crate::Gate;

/// How often storage is polled. Revoked credentials end within a second.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Changes may appear out of order, by as many positions as units of work run at the same time.
const OVERLAP: i64 = 100;
/// How long to wait before the boards of teams are tried again.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Handles changes of accounts until the token is cancelled. `changes` lets a restarted task continue.
pub(crate) async fn watch_accounts(
    gate: Arc<Gate>,
    changes: Arc<tokio::sync::Mutex<AccountChanges>>,
    stop: CancellationToken,
) {
    let mut interval = tokio::time::interval(POLL_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut changes = changes.lock().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        match changes.handle_new(&gate).await {
            Ok(()) => changes.failing = false,
            Err(error) if !changes.failing => {
                changes.failing = true;
                tracing::warn!(%error, "can't look for revoked credentials; trying again");
            }
            Err(_) => {}
        }
    }
}

/// How far the list of changes has been handled.
#[derive(Default)]
pub(crate) struct AccountChanges {
    /// The positions that have been handled, from `last - OVERLAP` on.
    seen: BTreeSet<i64>,
    last: Option<i64>,
    failing: bool,
}

impl AccountChanges {
    async fn handle_new(&mut self, gate: &Gate) -> Result<(), ServiceError> {
        let store = gate.services.store();
        // At the start, the latest changes are handled once more: they may have been committed out of order.
        let last = match self.last {
            Some(last) => last,
            None => store.last_account_change().await?,
        };
        let changes = store.account_changes(last - OVERLAP).await?;
        let fresh = changes.iter().filter(|change| !self.seen.contains(&change.id));
        let users: BTreeSet<_> = fresh.map(|change| change.user.clone()).collect();
        for user in &users {
            gate.connections.recheck(user);
        }
        if !users.is_empty() {
            gate.team_boards.add(users);
            // Another process that changed the account may have changed memberships as well.
            gate.hub.check_log();
        }
        // Only handled changes count as seen: if this is interrupted, they come again.
        let last = changes.iter().map(|change| change.id).fold(last, i64::max);
        self.last = Some(last);
        self.seen.extend(changes.iter().map(|change| change.id));
        self.seen = self.seen.split_off(&(last - OVERLAP));
        Ok(())
    }
}

/// Updates the boards of teams until the token is cancelled. Updates that storage can't make now are tried again.
pub(crate) async fn update_team_boards(gate: Arc<Gate>, stop: CancellationToken) {
    let mut failing = false;
    let work = async {
        loop {
            let mut batch = gate.team_boards.take();
            let mut failed = None;
            let users = batch.users.clone();
            for user in &users {
                match gate.services.sync_teams(user).await {
                    Ok(()) => {
                        batch.users.remove(user);
                    }
                    Err(error) => failed = Some((user, error)),
                }
            }
            // Another process may have changed memberships, which are committed by now.
            if !users.is_empty() {
                gate.hub.check_log();
            }
            drop(batch);
            match &failed {
                None => gate.team_boards.added().await,
                Some((user, error)) => {
                    if !failing {
                        tracing::warn!(%user, %error, "can't bring the boards of a user's teams up to date; trying again");
                    }
                    sleep(RETRY_DELAY).await;
                }
            }
            failing = failed.is_some();
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}
