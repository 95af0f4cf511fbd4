//! What the program has complained about lately: the warnings and errors of its log, for operators who do not read it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use boardwire_protocol::Timestamp;
use serde::Serialize;

/// So many are kept.
const KEPT: usize = 50;
/// Of each, so many characters.
const LENGTH: usize = 500;

/// How bad it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It goes on by itself.
    Warning,
    /// Something was not done.
    Error,
}

/// One complaint.
#[derive(Debug, Clone, Serialize)]
pub struct Incident {
    /// When.
    pub at: Timestamp,
    /// How bad it was.
    pub severity: Severity,
    /// The module that complained.
    pub place: String,
    /// What it said.
    pub message: String,
}

/// The last complaints, and how many there were in all.
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

    /// Notes one.
    pub fn note(&self, mut incident: Incident) {
        if let Some((end, _)) = incident.message.char_indices().nth(LENGTH) {
            incident.message.truncate(end);
            incident.message.push('…');
        }
        let mut state = self.lock();
        match incident.severity {
            Severity::Warning => state.warnings += 1,
            Severity::Error => state.errors += 1,
        }
        state.recent.push_front(incident);
        state.recent.truncate(KEPT);
    }

    /// The latest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Incident> {
        self.lock().recent.iter().cloned().collect()
    }

    /// How many warnings and how many errors there were.
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
    fn the_latest_are_kept_and_all_are_counted() {
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
