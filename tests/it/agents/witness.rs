//! An observer that sees only the board's events, and checks from them that the agents did not interfere with each
//! other.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Fate, Held};
use crate::scene::{Board, text};

/// A task as the events have shown it.
#[derive(Default)]
struct Card {
    column: String,
    done: bool,
    blockers: Vec<String>,
    /// The current lease, according to the last event.
    lease: Option<Value>,
    /// The highest fence so far.
    fence: u64,
    /// For each fence, whether its lease ended with the task done.
    ended: HashMap<u64, bool>,
}

/// What the events have shown so far.
pub(crate) struct Witness {
    seq: u64,
    in_progress: String,
    limit: usize,
    cards: HashMap<String, Card>,
}

impl Witness {
    /// Creates a witness from this reply to `view:board`, while the board has no tasks.
    pub(crate) fn new(board: &Board, view: Value, limit: usize) -> Result<Self> {
        let seq = view["seq"].as_u64().context("no seq")?;
        Ok(Self { seq, in_progress: board.columns[1].clone(), limit, cards: HashMap::new() })
    }

    /// Returns the number of the last event.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns how many tasks are done.
    pub(crate) fn done(&self) -> usize {
        self.cards.values().filter(|card| card.done).count()
    }

    /// Handles the next event.
    pub(crate) fn observe(&mut self, envelope: &Value) -> Result<()> {
        self.check(envelope).with_context(|| format!("at the event {envelope}"))
    }

    fn check(&mut self, envelope: &Value) -> Result<()> {
        self.seq += 1;
        ensure!(envelope["seq"] == self.seq, "event {} expected", self.seq);
        let data = &envelope["data"];
        if envelope["type"] == "task:dependency:added" {
            let link = &data["dependency"];
            let card = self.cards.get_mut(&text(&link["task_id"])?).context("an unknown task")?;
            card.blockers.push(text(&link["depends_on"])?);
            return Ok(());
        }
        let task = &data["task"];
        let id = text(&task["id"])?;
        let known = self.cards.contains_key(&id);
        ensure!(known != (envelope["type"] == "task:created"), "a task must be created once, before its other events");
        let open: Vec<String> = {
            let blockers = self.cards.get(&id).into_iter().flat_map(|card| &card.blockers);
            blockers.filter(|blocker| !self.cards[*blocker].done).cloned().collect()
        };
        let card = self.cards.entry(id.clone()).or_default();
        card.observe(envelope, &id, &open)?;
        card.column = text(&task["column_id"])?;
        card.done = task["status"] == "done";
        let held = self.cards.values().filter(|card| card.column == self.in_progress).count();
        ensure!(held <= self.limit, "{held} tasks are in progress, and {} may be", self.limit);
        Ok(())
    }

    /// Checks that the lease ended as the agent reports.
    pub(crate) fn agrees(&self, held: &Held) -> Result<()> {
        let Held { agent, task, fence, fate } = held;
        let done = self.cards.get(task).and_then(|card| card.ended.get(fence)).copied();
        let expected = matches!(fate, Fate::Done | Fate::Renewed);
        ensure!(done == Some(expected), "{agent} was {fate:?} with {task} under {fence}, which ended as {done:?}");
        Ok(())
    }
}

impl Card {
    /// Checks and applies an event about this task; `open` are its blockers that are not done.
    fn observe(&mut self, envelope: &Value, id: &str, open: &[String]) -> Result<()> {
        let kind = envelope["type"].as_str().unwrap_or_default();
        let at = text(&envelope["timestamp"])?;
        let shown = &envelope["data"]["task"]["lease"];
        match kind {
            "task:created" => {}
            "task:claimed" => {
                ensure!(!self.done, "it is done");
                ensure!(open.is_empty(), "{open:?} are not done");
                if let Some(former) = self.lease.take() {
                    ensure!(has_expired(&former, &at)?, "it is held under {former}");
                    self.ended.insert(fence(&former)?, false);
                }
                let fence = fence(shown)?;
                ensure!(fence > self.fence, "the fence before was {}", self.fence);
                self.fence = fence;
                self.lease = Some(shown.clone());
            }
            "task:renewed" => {
                self.require_live(envelope, id, &at)?;
                ensure!(fence(shown)? == self.fence, "another fence");
                self.lease = Some(shown.clone());
            }
            "task:updated" => self.require_live(envelope, id, &at)?,
            "task:completed" => {
                self.require_live(envelope, id, &at)?;
                self.ended.insert(self.fence, true);
                self.lease = None;
            }
            "task:released" => {
                ensure!(envelope["data"]["expired"] == true, "no agent releases a task");
                let former = self.lease.take().context("nobody held it")?;
                ensure!(has_expired(&former, &at)?, "{former} has not expired");
                self.ended.insert(fence(&former)?, false);
            }
            other => anyhow::bail!("no agent causes {other}"),
        }
        let expected = self.lease.as_ref().unwrap_or(&Value::Null);
        ensure!(shown == expected, "the lease should be {expected}");
        Ok(())
    }

    /// Checks that the event's command was sent under the current lease, before the lease ended.
    fn require_live(&self, envelope: &Value, id: &str, at: &str) -> Result<()> {
        let lease = self.lease.as_ref().context("nobody holds it")?;
        ensure!(!has_expired(lease, at)?, "{lease} has expired");
        ensure!(envelope["userId"] == lease["holder"], "{lease} holds it");
        let sent_under = format!("{}.{id}.{}.", text(&lease["agent"])?, self.fence);
        let request = text(&envelope["requestId"])?;
        ensure!(request.starts_with(&sent_under) && !request.contains("late"), "{lease} holds it");
        Ok(())
    }
}

fn fence(lease: &Value) -> Result<u64> {
    lease["fence"].as_u64().with_context(|| format!("no fence in {lease}"))
}

/// Returns whether the lease has expired at this time. Both times are UTC with milliseconds, so they compare as text.
fn has_expired(lease: &Value, at: &str) -> Result<bool> {
    Ok(text(&lease["expires_at"])?.as_str() <= at)
}
