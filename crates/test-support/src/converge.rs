//! The convergence checker: the acknowledgements, the log, the tables, a snapshot and every client's replica, built
//! from events, must agree.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::entities::{Entity, event_entities, reply_entities};
use crate::history::{History, Logged};
use crate::{Database, Replica, first_difference};

/// A command with a request id and the reply that acknowledged it.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The user who sent it.
    pub user: String,
    /// Its request id.
    pub request: String,
    /// The command's name.
    pub command: String,
    /// Its payload, as sent.
    pub payload: Value,
    /// The reply.
    pub reply: Value,
}

/// Everything known about one board at the end of a test.
pub struct Evidence<'a> {
    /// The server's database.
    pub database: &'a Database,
    /// The board's id.
    pub board: &'a str,
    /// The commands that were acknowledged to the writers.
    pub acknowledged: &'a [Acknowledged],
    /// The readers' replicas, by name.
    pub replicas: &'a [(String, Replica)],
    /// A fresh `board:get` reply.
    pub snapshot: &'a Value,
}

/// How much was checked, so that a test can be sure that something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Rows of the log.
    pub events: usize,
    /// Acknowledged commands.
    pub acknowledged: usize,
    /// Replicas.
    pub replicas: usize,
}

/// Checks that everything agrees.
///
/// # Errors
/// The first disagreement, as a sentence.
pub async fn converge(evidence: Evidence<'_>) -> Result<Tally> {
    let Evidence { database, board, acknowledged, replicas, snapshot } = evidence;
    database.integrity_check().await?;
    let history = History::read(database, board).await?;
    let requests = requests(database).await?;
    for done in acknowledged {
        check_acknowledged(&history, &requests, done).with_context(|| {
            format!("{} {} of {}, acknowledged with {}", done.command, done.request, done.user, done.reply)
        })?;
    }
    let truth = Replica::from_snapshot(snapshot).with_context(|| format!("no snapshot: {snapshot}"))?;
    ensure!(truth.seq() == history.rows().len() as u64, "snapshot at {}, log at {}", truth.seq(), history.rows().len());
    check_log(&history, &truth)?;
    check_tables(database, board, snapshot).await?;
    for (name, replica) in replicas {
        if let Some(difference) = first_difference(&replica.to_value(), &truth.to_value()) {
            bail!("replica {name} of {board} differs from the snapshot at {difference}");
        }
    }
    Ok(Tally { events: history.rows().len(), acknowledged: acknowledged.len(), replicas: replicas.len() })
}

/// Returns how often each request id is recorded, by user and id.
async fn requests(database: &Database) -> Result<BTreeMap<(String, String), usize>> {
    let mut counts = BTreeMap::new();
    for row in database.query("SELECT user_id, request_id FROM requests").await? {
        let [user, request]: [String; 2] = row.try_into().ok().context("two fields a row")?;
        *counts.entry((user, request)).or_default() += 1;
    }
    Ok(counts)
}

/// Checks that an acknowledged command is recorded once, had at most one effect, and that its reply agrees with the
/// log.
fn check_acknowledged(
    history: &History,
    requests: &BTreeMap<(String, String), usize>,
    done: &Acknowledged,
) -> Result<()> {
    let Acknowledged { user, request, reply, .. } = done;
    let recorded = requests.get(&(user.clone(), request.clone())).copied().unwrap_or_default();
    ensure!(recorded == 1, "its request id is on record {recorded} times");
    let seq = reply["seq"].as_u64().context("no seq in the reply")?;
    ensure!(history.at(seq).is_some(), "the log ends before {seq}");
    check_one_effect(&history.caused_by(user, request), seq)?;
    let shown = reply_entities(reply);
    ensure!(!shown.is_empty(), "the reply shows nothing");
    for Entity { kind, id, state } in shown {
        let Some(logged) = history.state_at(kind, &id, seq) else { bail!("the log knows no {kind} {id} at {seq}") };
        match (&state, logged) {
            (None, None) => {}
            (Some(state), Some(logged)) => {
                if let Some(difference) = first_difference(state, logged) {
                    bail!("{kind} {id} differs from the log at {difference}");
                }
            }
            (state, logged) => bail!("{kind} {id} is {state:?} in the reply and {logged:?} in the log"),
        }
    }
    Ok(())
}

/// Checks that one effect is one transaction: its events are consecutive and end at the reply's number, and no two of
/// them are of one kind about one entity. (Making room, or deleting a column, moves other tasks too: several events.)
fn check_one_effect(effects: &[&Logged], seq: u64) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (effect, expected) in effects.iter().rev().zip((1..=seq).rev()) {
        ensure!(effect.seq == expected, "it had an effect at {} besides the one in its reply", effect.seq);
        for entity in event_entities(&effect.envelope).unwrap_or_default() {
            let new = seen.insert((effect.kind.clone(), entity.kind, entity.id.clone()));
            ensure!(new, "it had the effect {} on {} {} twice", effect.kind, entity.kind, entity.id);
        }
    }
    Ok(())
}

/// Checks that the snapshot shows the last logged state of each task, and of each column and member that the log
/// mentions.
fn check_log(history: &History, truth: &Replica) -> Result<()> {
    let truth = truth.to_value();
    let entities = &truth["entities"];
    let mut logged_tasks = 0;
    // A dependency is removed with either of its tasks, without an event of its own.
    let is_dangling = |ends: &str| ends.split(' ').take(2).any(|end| entities["task"][end].is_null());
    for (kind, id, state) in history.latest() {
        logged_tasks += usize::from(kind == "task");
        if kind == "dependency" && is_dangling(id) {
            ensure!(entities[kind][id].is_null(), "the dependency {id} is in the snapshot, and a task of it is not");
            continue;
        }
        if let Some(difference) = first_difference(state, &entities[kind][id]) {
            bail!("the log's last {kind} {id} differs from the snapshot at {difference}");
        }
    }
    let tasks = entities["task"].as_object().map_or(0, serde_json::Map::len);
    ensure!(tasks == logged_tasks, "{tasks} tasks in the snapshot, {logged_tasks} in the log");
    Ok(())
}

/// Checks that the tables hold exactly the entities that the snapshot shows.
async fn check_tables(database: &Database, board: &str, snapshot: &Value) -> Result<()> {
    for table in ["columns", "tasks"] {
        let sql = format!("SELECT id, version FROM {table} WHERE board_id = '{board}'");
        let mut stored = BTreeSet::new();
        for row in database.query(&sql).await? {
            let [id, version]: [String; 2] = row.try_into().ok().context("two fields a row")?;
            stored.insert((id, version));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = snapshot[table].as_array().into_iter().flatten();
        let shown: BTreeSet<(String, String)> =
            items.map(|item| (text(&item["id"]), item["version"].to_string())).collect();
        if let Some((id, version)) = stored.symmetric_difference(&shown).next() {
            bail!("{table}: {id} in version {version} is only in one of database and snapshot");
        }
    }
    Ok(())
}
