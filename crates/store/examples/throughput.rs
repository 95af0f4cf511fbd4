//! Measures units of work per second. Each does as much as `task:update`: claim the request id, lock the board, read
//! role and task, save the task, raise `seq`, append the event, store the reply.
//!
//! `cargo run --release -p boardwire-store --example throughput -- sqlite:///tmp/x.db [units]`, on a new database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use boardwire_protocol::{
    Board, BoardId, Column, ColumnId, Epoch, EventKind, RequestId, Role, Seq, Task, TaskId, Timestamp, UserId,
};
use boardwire_services::{
    ChangeOutcome, ServiceError,
    storage::{
        BoardState, ColumnState, FieldVersions, Job, LogEntry, Membership, SaveUser, StorageError, Store, TaskState,
        Transaction,
    },
};
use boardwire_store::{Options, open};
use serde_json::value::RawValue;

const BOARDS: u64 = 64;
const NOW: Timestamp = Timestamp(1_790_000_000_000);

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("give the URL of a new database")?;
    let units: u64 = arguments.next().map_or(Ok(20_000), |units| units.parse())?;
    let opened = open(&url, Options::default()).await?;
    let store = opened.store();
    fill(&store).await?;
    let count = Arc::new(AtomicU64::new(0));
    for callers in [1, 16, 64, 256] {
        let units = if callers == 1 { units / 10 } else { units };
        measure(&store, &count, callers, units).await?;
    }
    opened.close().await;
    Ok(())
}

/// Runs `units` units of work from `callers` tasks, spread evenly over the boards and their tasks.
#[expect(clippy::print_stdout, reason = "the result of the measurement")]
async fn measure(store: &Arc<dyn Store>, count: &Arc<AtomicU64>, callers: u64, units: u64) -> Result<()> {
    let begun = Instant::now();
    let end = count.load(Ordering::Relaxed) + units;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, count) = (Arc::clone(store), Arc::clone(count));
            tokio::spawn(async move {
                let mut times = Vec::new();
                loop {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return anyhow::Ok(times);
                    }
                    let start = Instant::now();
                    store.write(update(number)).await?;
                    times.push(start.elapsed());
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let elapsed = begun.elapsed();
    count.store(end, Ordering::Relaxed);
    times.sort();
    let percentile = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(Duration::ZERO);
    let rate = units as f64 / elapsed.as_secs_f64();
    println!("{callers:4} callers: {rate:8.0} units/s, median {:.1?}, p99 {:.1?}", percentile(50), percentile(99));
    Ok(())
}

fn broken(error: anyhow::Error) -> ServiceError {
    StorageError::Broken(error.into()).into()
}

fn board_id(number: u64) -> Result<BoardId> {
    Ok(BoardId::try_from(format!("019900a0-0000-7000-8000-b{number:011}").as_str())?)
}

fn task_id(number: u64) -> Result<TaskId> {
    Ok(TaskId::try_from(format!("019900a0-0000-7000-8000-t{number:011}").as_str())?)
}

fn update(number: u64) -> Job {
    Box::new(move |tx| Box::pin(async move { update_task(tx, number).await.map_err(broken) }))
}

async fn update_task(tx: &mut dyn Transaction, number: u64) -> Result<ChangeOutcome> {
    let user = UserId::try_from("ann")?;
    let board = board_id(number.wrapping_mul(7_919) % BOARDS)?;
    let request = RequestId::try_from(format!("request-{number}").as_str()).map_err(anyhow::Error::msg)?;
    let since = Timestamp(NOW.0 - 86_400_000);
    anyhow::ensure!(tx.claim_request(&user, &request, &"0".repeat(64), NOW, since).await?);
    let seq = tx.lock_board(&board).await?.context("no board")?.seq.next();
    tx.role(&board, &user).await?.context("no member")?;
    let mut state = tx.task(&task_id(number.wrapping_mul(7_919) % BOARDS)?).await?.context("no task")?;
    state.task.title = format!("Title number {number}");
    state.task.version += 1;
    state.changed.0.insert("title".to_owned(), state.task.version);
    tx.save_task(&state).await?;
    tx.save_seq(&board, seq, NOW).await?;
    let entry = LogEntry {
        board_id: board.clone(),
        seq,
        kind: EventKind::TaskUpdated,
        task_id: Some(state.task.id.clone()),
        subject: None,
        actor: Some(user.clone()),
        origin: None,
        at: NOW,
        envelope: serde_json::value::to_raw_value(&state.task)?,
    };
    tx.append(&entry).await?;
    tx.store_reply(&user, &request, entry.envelope.get()).await?;
    Ok(ChangeOutcome {
        at: Some((board, seq)),
        result: RawValue::NULL.to_owned(),
        entries: vec![Arc::new(entry)],
        user_events: Vec::new(),
    })
}

async fn fill(store: &Arc<dyn Store>) -> Result<()> {
    let user = SaveUser {
        id: UserId::try_from("ann")?,
        name: None,
        agent: None,
        permissions: None,
        default_permissions: vec!["write".to_owned()],
        teams: None,
        password: None,
        now: NOW,
    };
    store.save_user(&user).await?;
    for number in 0..BOARDS {
        let job: Job = Box::new(move |tx| Box::pin(async move { add_board(tx, number).await.map_err(broken) }));
        store.write(job).await?;
    }
    Ok(())
}

async fn add_board(tx: &mut dyn Transaction, number: u64) -> Result<ChangeOutcome> {
    let user = UserId::try_from("ann")?;
    let board = Board {
        id: board_id(number)?,
        name: format!("Board {number}"),
        description: String::new(),
        color: None,
        team_id: None,
        archived: false,
        version: 1,
        created_by: user.clone(),
        created_at: NOW,
        updated_at: NOW,
    };
    let column = Column {
        id: ColumnId::try_from(format!("column-{number}").as_str())?,
        board_id: board.id.clone(),
        name: "To Do".to_owned(),
        position: "a0".to_owned(),
        status: None,
        wip_limit: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    let task = Task {
        title: "Title".to_owned(),
        description: "A description of the task, in a sentence or two.".to_owned(),
        position: "a0".to_owned(),
        tags: vec!["tag".to_owned()],
        ..Task::blank(task_id(number)?, (board.id.clone(), column.id.clone()), user.clone(), NOW)
    };
    let (id, changed) = (board.id.clone(), FieldVersions::default());
    let epoch = Epoch::try_from("first")?;
    let state = BoardState { board, changed: changed.clone(), seq: Seq(0), changed_at: NOW, epoch };
    let inserted = tx.insert_board(&state).await?;
    anyhow::ensure!(inserted, "the database is not a new one");
    tx.set_member(&id, &user, &Membership { role: Role::Owner, team: None }).await?;
    tx.insert_column(&ColumnState { column, changed: changed.clone() }).await?;
    tx.insert_task(&TaskState { task, changed, fence: 0, assigned_by_claim: false }).await?;
    Ok(ChangeOutcome { at: None, result: RawValue::NULL.to_owned(), entries: Vec::new(), user_events: Vec::new() })
}
