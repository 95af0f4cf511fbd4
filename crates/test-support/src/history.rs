//! A board's log, read from the database while the server is running.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Database;
use crate::entities::event_entities;

/// One row of the log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its number.
    pub seq: u64,
    /// The kind of event.
    pub kind: String,
    /// The envelope as it was sent.
    pub envelope: Value,
}

/// The log of one board, in order.
#[derive(Debug)]
pub struct History {
    rows: Vec<Logged>,
    /// For each entity, its logged states by their numbers.
    states: BTreeMap<(&'static str, String), BTreeMap<u64, Option<Value>>>,
    /// For each user and request id, the indexes of the rows it caused.
    causes: BTreeMap<(String, String), Vec<usize>>,
}

impl History {
    /// Reads the log, and checks that it counts 1, 2, 3, … and that each envelope agrees with its row.
    ///
    /// # Errors
    /// The log can't be read, or a check fails.
    pub async fn read(database: &Database, board: &str) -> Result<Self> {
        let sql = format!("SELECT seq, kind, envelope FROM events WHERE board_id = '{board}' ORDER BY seq");
        let mut history = Self { rows: Vec::new(), states: BTreeMap::new(), causes: BTreeMap::new() };
        for (row, expected) in database.query(&sql).await?.into_iter().zip(1..) {
            let [seq, kind, envelope]: [String; 3] = row.try_into().ok().context("three fields a row")?;
            let seq: u64 = seq.parse().context("reading a seq")?;
            ensure!(seq == expected, "the log of {board} has {seq} where {expected} should be");
            let envelope: Value = serde_json::from_str(&envelope).with_context(|| format!("envelope {seq}"))?;
            let agrees = envelope["seq"] == seq && envelope["boardId"] == board && envelope["type"] == *kind;
            ensure!(agrees, "row {seq} of {board}, a {kind}, holds {envelope}");
            let entities = event_entities(&envelope).with_context(|| format!("{kind} is not of the contract"))?;
            for entity in entities {
                history.states.entry((entity.kind, entity.id)).or_default().insert(seq, entity.state);
            }
            if let (Some(user), Some(request)) = (envelope["userId"].as_str(), envelope["requestId"].as_str()) {
                let cause = (user.to_owned(), request.to_owned());
                history.causes.entry(cause).or_default().push(history.rows.len());
            }
            history.rows.push(Logged { seq, kind, envelope });
        }
        Ok(history)
    }

    /// Returns all rows.
    #[must_use]
    pub fn rows(&self) -> &[Logged] {
        &self.rows
    }

    /// Returns the row with this number.
    #[must_use]
    pub fn at(&self, seq: u64) -> Option<&Logged> {
        self.rows.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// Returns the rows that this request of this user caused.
    #[must_use]
    pub fn caused_by(&self, user: &str, request: &str) -> Vec<&Logged> {
        let indexes = self.causes.get(&(user.to_owned(), request.to_owned()));
        indexes.into_iter().flatten().filter_map(|index| self.rows.get(*index)).collect()
    }

    /// Returns the last logged state of an entity up to `seq`: `None` if there is none, `Some(None)` if it is gone.
    #[must_use]
    pub fn state_at(&self, kind: &'static str, id: &str, seq: u64) -> Option<&Option<Value>> {
        self.states.get(&(kind, id.to_owned()))?.range(..=seq).next_back().map(|(_, state)| state)
    }

    /// Returns the last logged state of each entity that still exists, by kind and id.
    pub fn latest(&self) -> impl Iterator<Item = (&'static str, &str, &Value)> {
        self.states.iter().filter_map(|((kind, id), states)| {
            let state = states.values().next_back()?.as_ref()?;
            Some((*kind, id.as_str(), state))
        })
    }
}
