//! Measures searches on 500 boards with 200,000 tasks: as a member of one board, as a member of all, and as a user who
//! may read everything.
//!
//! `cargo run --release -p boardwire-store --example search -- sqlite:///tmp/x.db [boards] [tasks of each]`, on a new
//! database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use boardwire_protocol::{Board, BoardId, Column, ColumnId, Epoch, Role, Seq, Task, TaskId, Timestamp, UserId};
use boardwire_services::{
    ChangeOutcome, ServiceError,
    storage::{
        BoardState, ColumnState, FieldVersions, Job, Membership, SaveUser, StorageError, Store, TaskState, Transaction,
        WantedMatches,
    },
};
use boardwire_store::{Options, open};
use serde_json::value::RawValue;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// The number of searches of each kind.
const SEARCHES: u32 = 50;
/// The number of different words in the texts.
const WORDS: u64 = 5_000;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result of the measurement")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("give the URL of a new database")?;
    let boards: u64 = arguments.next().map_or(Ok(500), |boards| boards.parse())?;
    let tasks: u64 = arguments.next().map_or(Ok(400), |tasks| tasks.parse())?;
    let opened = open(&url, Options::default()).await?;
    let store = opened.store();
    for id in ["one", "all"] {
        store.save_user(&user(id)?).await?;
    }
    for number in 0..boards {
        let job: Job = Box::new(move |tx| Box::pin(async move { add_board(tx, number, tasks).await.map_err(broken) }));
        store.write(job).await?;
    }
    println!("{boards} boards of {tasks} tasks");
    for reader in [Some("one"), Some("all"), None] {
        for words in [&["rocket"][..], &["fuel", "rocket"], &["w77"], &["w7"], &["secret"], &["nowhere"]] {
            measure(&store, reader, words).await?;
        }
    }
    opened.close().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the measurement")]
async fn measure(store: &Arc<dyn Store>, reader: Option<&str>, words: &[&str]) -> Result<()> {
    let reader_id = reader.map(UserId::try_from).transpose()?;
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    let wanted = WantedMatches { words, reader: reader_id, board: None, limit: 20 };
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..SEARCHES {
        let begun = Instant::now();
        found = store.matches(&wanted).await?.len();
        times.push(begun.elapsed());
    }
    times.sort();
    let percentile = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(Duration::ZERO);
    let reader = reader.unwrap_or("everything");
    let (words, median, p99) = (wanted.words.join(" "), percentile(50), percentile(99));
    println!("{reader:11} {words:20} {found:2} found, median {median:.1?}, p99 {p99:.1?}");
    Ok(())
}

fn broken(error: anyhow::Error) -> ServiceError {
    StorageError::Broken(error.into()).into()
}

fn user(id: &str) -> Result<SaveUser> {
    Ok(SaveUser {
        id: UserId::try_from(id)?,
        name: None,
        agent: None,
        permissions: None,
        default_permissions: vec!["write".to_owned()],
        teams: None,
        password: None,
        now: NOW,
    })
}

/// Returns a text of this many words, always the same for the same number.
fn text(number: u64, words: u64) -> String {
    let words = (0..words).map(|at| format!("w{}", (number * 31 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15) % WORDS));
    words.collect::<Vec<_>>().join(" ")
}

async fn add_board(tx: &mut dyn Transaction, number: u64, tasks: u64) -> Result<ChangeOutcome> {
    let owner = UserId::try_from("all")?;
    let board = Board {
        id: BoardId::try_from(format!("board-{number}").as_str())?,
        name: format!("Board {number}"),
        description: String::new(),
        color: None,
        team_id: None,
        archived: false,
        version: 1,
        created_by: owner.clone(),
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
    let (board_id, column_id, changed) = (board.id.clone(), column.id.clone(), FieldVersions::default());
    let epoch = Epoch::try_from("first")?;
    let state = BoardState { board, changed: changed.clone(), seq: Seq(0), changed_at: NOW, epoch };
    let inserted = tx.insert_board(&state).await?;
    anyhow::ensure!(inserted, "the database is not a new one");
    tx.set_member(&board_id, &owner, &Membership { role: Role::Owner, team: None }).await?;
    if number == 0 {
        let member = Membership { role: Role::Viewer, team: None };
        tx.set_member(&board_id, &UserId::try_from("one")?, &member).await?;
    }
    tx.insert_column(&ColumnState { column, changed }).await?;
    for index in 0..tasks {
        let (fuel, rocket) = (if index % 3 == 0 { "fuel" } else { "" }, if index % 10 == 0 { "" } else { "rocket" });
        let secret = if number == 0 { "" } else { "secret" };
        let number = number * tasks + index;
        let task = Task {
            title: format!("{} {fuel}", text(number, 5)),
            description: format!("{} {rocket} {secret}", text(number, 30)),
            position: "a0".to_owned(),
            ..Task::blank(
                TaskId::try_from(format!("task-{number}").as_str())?,
                (board_id.clone(), column_id.clone()),
                owner.clone(),
                NOW,
            )
        };
        let state = TaskState { task, changed: FieldVersions::default(), fence: 0, assigned_by_claim: false };
        tx.insert_task(&state).await?;
    }
    Ok(ChangeOutcome { at: None, result: RawValue::NULL.to_owned(), entries: Vec::new(), user_events: Vec::new() })
}
