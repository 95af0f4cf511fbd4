//! A client's replica of a board: a snapshot, and then only events and the replies to own changes, each numbered one
//! higher than the last.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::entities::{Entity, event_entities, reply_entities};
use crate::inbox::Event;

/// Why an event can't be applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Divergence {
    /// It is not the next one: there is a gap, or it is repeated.
    Gap {
        /// The number that should come next.
        expected: u64,
        /// The number that was received.
        got: u64,
    },
    /// It is not an event of this board's log.
    Foreign(Value),
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap { expected, got } => write!(f, "expected seq {expected}, got {got}"),
            Self::Foreign(envelope) => write!(f, "no event of this board's log: {envelope}"),
        }
    }
}

impl std::error::Error for Divergence {}

/// A board as one client sees it.
#[derive(Debug, Clone)]
pub struct Replica {
    board: String,
    entities: BTreeMap<&'static str, BTreeMap<String, Value>>,
    seq: u64,
    epoch: Value,
}

impl Replica {
    /// Returns the replica that starts from a `board:get` reply; `None` if it is not one.
    #[must_use]
    pub fn from_snapshot(reply: &Value) -> Option<Self> {
        let mut replica = Self {
            board: reply["board"]["id"].as_str()?.to_owned(),
            entities: ["board", "column", "task", "member", "dependency"].map(|kind| (kind, BTreeMap::new())).into(),
            seq: reply["seq"].as_u64()?,
            epoch: reply.get("epoch")?.clone(),
        };
        for entity in reply_entities(reply) {
            replica.put(entity);
        }
        Some(replica)
    }

    /// Returns the number of the last change in it.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns the epoch that `seq` belongs to, which must be sent along with `since`.
    #[must_use]
    pub fn epoch(&self) -> &Value {
        &self.epoch
    }

    /// Returns the board's id.
    #[must_use]
    pub fn board(&self) -> &str {
        &self.board
    }

    /// Applies a durable event of this board.
    ///
    /// # Errors
    /// It is not the next one, or not this board's.
    pub fn apply(&mut self, event: &Event) -> Result<(), Divergence> {
        let foreign = || Divergence::Foreign(event.payload.clone());
        if event.board() != Some(&self.board) || event.payload["type"] != *event.name {
            return Err(foreign());
        }
        let entities = event_entities(&event.payload).ok_or_else(foreign)?;
        self.advance(event.seq().ok_or_else(foreign)?)?;
        entities.into_iter().for_each(|entity| self.put(entity));
        Ok(())
    }

    /// Applies the reply to one's own change, which comes instead of its event.
    ///
    /// # Errors
    /// It is not the next change.
    pub fn apply_own_reply(&mut self, seq: u64, reply: &Value) -> Result<(), Divergence> {
        self.advance(seq)?;
        reply_entities(reply).into_iter().for_each(|entity| self.put(entity));
        Ok(())
    }

    /// Returns the replica as one value, for comparison with another.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({ "seq": self.seq, "epoch": self.epoch, "entities": self.entities })
    }

    fn advance(&mut self, seq: u64) -> Result<(), Divergence> {
        if seq != self.seq + 1 {
            return Err(Divergence::Gap { expected: self.seq + 1, got: seq });
        }
        self.seq = seq;
        Ok(())
    }

    fn put(&mut self, Entity { kind, id, state }: Entity) {
        if let ("task", None, Some(dependencies)) = (kind, &state, self.entities.get_mut("dependency")) {
            dependencies.retain(|ends, _| !ends.split(' ').take(2).any(|end| end == id));
        }
        let all = self.entities.entry(kind).or_default();
        match state {
            Some(state) => all.insert(id, state),
            None => all.remove(&id),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Value {
        json!({
            "ok": true, "seq": 4, "epoch": "e", "board": { "id": "b", "name": "B" }, "columns": [{ "id": "c" }],
            "tasks": [{ "id": "t1", "title": "A" }], "members": [{ "board_id": "b", "user_id": "ann" }],
        })
    }

    fn event(name: &str, seq: u64, data: Value) -> Event {
        let payload = json!({ "type": name, "boardId": "b", "seq": seq, "data": data });
        Event { name: name.to_owned(), payload }
    }

    #[test]
    fn the_next_event_is_applied() -> Result<(), Divergence> {
        let mut replica = Replica::from_snapshot(&snapshot()).expect("a snapshot");
        replica.apply(&event("task:updated", 5, json!({ "task": { "id": "t1", "title": "B" } })))?;
        assert_eq!(replica.to_value()["entities"]["task"]["t1"]["title"], "B");
        replica.apply(&event("task:deleted", 6, json!({ "taskId": "t1" })))?;
        assert_eq!(replica.to_value()["entities"]["task"], json!({}));
        Ok(())
    }

    #[test]
    fn gaps_and_repeats_are_refused() {
        let mut replica = Replica::from_snapshot(&snapshot()).expect("a snapshot");
        let hole = replica.apply(&event("task:deleted", 6, json!({ "taskId": "t1" })));
        assert_eq!(hole, Err(Divergence::Gap { expected: 5, got: 6 }));
        let repeat = replica.apply(&event("task:deleted", 4, json!({ "taskId": "t1" })));
        assert_eq!(repeat, Err(Divergence::Gap { expected: 5, got: 4 }));
    }

    #[test]
    fn ones_own_change_is_applied_from_its_reply() -> Result<(), Divergence> {
        let mut replica = Replica::from_snapshot(&snapshot()).expect("a snapshot");
        replica.apply_own_reply(5, &json!({ "ok": true, "seq": 5, "taskId": "t1" }))?;
        assert_eq!(replica.seq(), 5);
        assert_eq!(replica.to_value()["entities"]["task"], json!({}));
        Ok(())
    }
}
