//! The agent's subscriptions, so that a new session can be given the same ones. Protocol versions before 2026-07-28
//! keep subscriptions in the session, and sessions are lost when the server restarts.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// Follows the messages that are sent to the server.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    uris: BTreeSet<String>,
    /// Whether a session has been opened before.
    opened: bool,
}

impl Subscriptions {
    /// Records a message that the server has accepted.
    pub(super) fn record(&self, message: &Value) {
        let Some(uri) = message["params"]["uri"].as_str() else { return };
        match message["method"].as_str() {
            Some("resources/subscribe") => drop(self.state().uris.insert(uri.to_owned())),
            Some("resources/unsubscribe") => drop(self.state().uris.remove(uri)),
            _ => {}
        }
    }

    /// Records that a session was opened. Returns the resources that must be subscribed to again.
    pub(super) fn session_opened(&self) -> Vec<String> {
        let mut state = self.state();
        let had_session = std::mem::replace(&mut state.opened, true);
        if had_session { state.uris.iter().cloned().collect() } else { Vec::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_second_session_gets_the_subscriptions_of_the_first() {
        let subscriptions = Subscriptions::default();
        assert_eq!(subscriptions.session_opened(), [""; 0]);
        for (method, uri) in [("subscribe", "a"), ("subscribe", "b"), ("subscribe", "b"), ("unsubscribe", "a")] {
            subscriptions.record(&json!({"method": format!("resources/{method}"), "params": {"uri": uri}}));
        }
        subscriptions.record(&json!({"method": "resources/read", "params": {"uri": "c"}}));
        assert_eq!(subscriptions.session_opened(), ["b"]);
        assert_eq!(subscriptions.session_opened(), ["b"]);
    }
}
