//! The latest warnings and errors of the log, for the operator's overview.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::Timestamp;
use serde::Serialize;

/// How many incidents are kept.
const MAX_INCIDENTS: usize = 50;
/// The longest message that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// The severity of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program recovers by itself.
    Warning,
    /// Something could not be done.
    Error,
}

/// One warning or error.
#[derive(Debug, Clone, Serialize)]
pub struct Incident {
    /// When it was logged.
    pub at: Timestamp,
    /// Its severity.
    pub severity: Severity,
    /// The module that logged it.
    pub place: String,
    /// The log message.
    pub message: String,
}

/// The latest incidents, and how many there were in all.
#[derive(Debug, Default)]
pub struct Incidents {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    recent: VecDeque<Incident>,
    warnings: u64,
    errors: u64,
}

impl Incidents {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an incident. A long message is cut off.
    pub fn note(&self, mut incident: Incident) {
        if let Some((end, _)) = incident.message.char_indices().nth(MAX_MESSAGE_CHARS) {
            incident.message.truncate(end);
            incident.message.push('…');
        }
        let mut state = self.lock();
        match incident.severity {
            Severity::Warning => state.warnings += 1,
            Severity::Error => state.errors += 1,
        }
        state.recent.push_front(incident);
        state.recent.truncate(MAX_INCIDENTS);
    }

    /// Returns the latest incidents, the newest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Incident> {
        self.lock().recent.iter().cloned().collect()
    }

    /// Returns the numbers of warnings and of errors since the start.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let state = self.lock();
        (state.warnings, state.errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_incidents_are_kept_but_all_are_counted() {
        let incidents = Incidents::default();
        for number in 0..60 {
            let severity = if number % 3 == 0 { Severity::Error } else { Severity::Warning };
            let message = format!("{number} {}", "ä".repeat(600));
            incidents.note(Incident { at: Timestamp(number), severity, place: "store".into(), message });
        }
        let recent = incidents.recent();
        assert_eq!((recent.len(), recent[0].at, recent[49].at), (50, Timestamp(59), Timestamp(10)));
        assert_eq!(recent[0].message.chars().count(), 501);
        assert_eq!(incidents.counts(), (40, 20));
    }
}
