//! Twenty writers and twenty readers, some of which drop and resume at random: everyone ends with the same board.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Dial, Evidence, Kind, Received, Replica, converge};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::scene::{Board, Scene, seed};
use crate::workload::{Writer, share_cards};

on_both!(one_board_converges, ten_boards_converge);

const WRITERS: usize = 20;
const READERS: usize = 20;
/// The number of changes, over all boards.
const CHANGES: usize = 5_000;
/// How many commands of a writer may be unanswered at once.
const WINDOW: usize = 8;
/// The most times that a reader drops its connection.
const DROPS: usize = 8;

async fn one_board_converges(kind: Kind) -> Result<()> {
    run(kind, 1).await
}

async fn ten_boards_converge(kind: Kind) -> Result<()> {
    run(kind, 10).await
}

async fn run(kind: Kind, boards: usize) -> Result<()> {
    let seed = seed()?;
    let scene = Scene::open(kind).await?;
    let result = converge_on(&scene, boards, seed).await;
    result.with_context(|| format!("BOARDWIRE_TEST_SEED={seed}; the server's log:\n{}", scene.server.log()))
}

async fn converge_on(scene: &Scene, count: usize, seed: u64) -> Result<()> {
    let owner = scene.client("owner").await?;
    let writers: Vec<String> = (0..WRITERS).map(|n| format!("writer-{n}")).collect();
    let readers: Vec<String> = (0..READERS).map(|n| format!("reader-{n}")).collect();
    let mut sockets = Vec::new();
    for user in &writers {
        sockets.push(scene.client(user).await?);
    }
    for user in &readers {
        scene.client(user).await?.disconnect().await?;
    }

    // Writer and reader number n use board n modulo the number of boards.
    let mut boards = Vec::new();
    for index in 0..count {
        let at = |users: &'_ [String]| users.iter().skip(index).step_by(count).cloned().collect::<Vec<_>>();
        let (own_writers, own_readers) = (at(&writers), at(&readers));
        let roles = own_writers.iter().map(|user| (user.as_str(), "member"));
        let roles: Vec<_> = roles.chain(own_readers.iter().map(|user| (user.as_str(), "viewer"))).collect();
        let board = Board::create(&owner, &roles).await?;
        share_cards(&board, &owner).await?;
        boards.push((board, own_writers));
    }

    let (announce, done) = watch::channel(BTreeMap::new());
    let mut reading = Vec::new();
    for (index, user) in readers.iter().enumerate() {
        let reader = Reader {
            name: user.clone(),
            dial: scene.dial(user)?,
            board: boards[index % count].0.id.clone(),
            subscribes: index % 4 >= 2,
            patience: CHANGES / count / DROPS,
            rng: fastrand::Rng::with_seed(seed ^ (1000 + index as u64)),
        };
        reading.push(tokio::spawn(reader.read(done.clone())));
    }
    let mut writing = Vec::new();
    for (index, (user, socket)) in writers.iter().zip(sockets).enumerate() {
        let (board, members) = &boards[index % count];
        let writer = Writer::new(user, board, members, index < count, seed ^ index as u64);
        writing.push(tokio::spawn(write(writer, socket)));
    }
    let mut written = Vec::new();
    for task in try_join_all(writing).await? {
        written.push(task?);
    }

    let mut snapshots = BTreeMap::new();
    for (board, _) in &boards {
        snapshots.insert(board.id.clone(), board.snapshot(&owner).await?);
    }
    let last = |snapshot: &Value| snapshot["seq"].as_u64().context("no seq in the snapshot");
    announce.send_replace(snapshots.iter().map(|(id, at)| Ok((id.clone(), last(at)?))).collect::<Result<_>>()?);
    let mut replicas = Vec::new();
    for task in try_join_all(reading).await? {
        replicas.push(task?);
    }

    let mut checked = 0;
    for (board, snapshot) in &snapshots {
        let acknowledged: Vec<_> =
            written.iter().filter(|w| w.board == *board).flat_map(|w| w.acknowledged.clone()).collect();
        let replicas: Vec<_> = replicas.iter().filter(|(_, r)| r.board() == board).cloned().collect();
        ensure!(!replicas.is_empty(), "nobody read {board}");
        let evidence =
            Evidence { database: &scene.database, board, acknowledged: &acknowledged, replicas: &replicas, snapshot };
        checked += converge(evidence).await?.acknowledged;
    }
    ensure!(checked == CHANGES, "{checked} changes were checked");
    Ok(())
}

/// Writes its share, and checks that the replies came in the order of the commands.
async fn write(mut writer: Writer, socket: Client) -> Result<Writer> {
    socket.record();
    writer.write(&socket, CHANGES / WRITERS, WINDOW).await.with_context(|| writer.user.clone())?;
    let order: Vec<u64> = socket
        .recorded()
        .into_iter()
        .filter_map(|received| match received {
            Received::Ack(id, _) => Some(id),
            Received::Event(_) => None,
        })
        .collect();
    let expected: Vec<u64> = (0..(CHANGES / WRITERS) as u64).collect();
    ensure!(order == expected, "{}: the replies came in the order {order:?}", writer.user);
    ensure!(writer.unanswered.is_empty(), "{} lost its connection: {:?}", writer.user, socket.closed());
    Ok(writer)
}

/// A reader that keeps a replica over a bad connection.
struct Reader {
    name: String,
    dial: Dial,
    board: String,
    /// Whether it uses a subscription instead of a view.
    subscribes: bool,
    /// Its connection drops after at most this many events.
    patience: usize,
    rng: fastrand::Rng,
}

impl Reader {
    async fn read(mut self, done: watch::Receiver<BTreeMap<String, u64>>) -> Result<(String, Replica)> {
        let replica = self.follow(done).await.with_context(|| format!("{} of {}", self.name, self.board))?;
        Ok((self.name, replica))
    }

    async fn follow(&mut self, mut done: watch::Receiver<BTreeMap<String, u64>>) -> Result<Replica> {
        let mut replica: Option<Replica> = None;
        for drops in 0.. {
            let socket = self.dial.clone().open().await?;
            // Events up to this number are in the snapshot already; after a recovery there are none.
            let mut floor = 0;
            let recovered = self.listen(&socket, replica.as_ref()).await?;
            let mut current = match replica.take() {
                Some(known) if recovered => known,
                _ => {
                    let snapshot = socket.ask("board:get", json!({ "boardId": self.board })).await?;
                    let fresh = Replica::from_snapshot(&snapshot).context("no snapshot")?;
                    floor = fresh.seq();
                    fresh
                }
            };
            let mut left = if drops < DROPS { self.rng.usize(0..self.patience) } else { usize::MAX };
            while left > 0 {
                if done.borrow_and_update().get(&self.board) == Some(&current.seq()) {
                    // Anything that came now would be a repeat.
                    socket.expect_silence(Duration::from_millis(200)).await?;
                    return Ok(current);
                }
                let event = tokio::select! {
                    event = socket.next_any() => event?,
                    changed = done.changed() => {
                        changed?;
                        continue;
                    }
                };
                if event.seq().is_some_and(|seq| seq <= floor) {
                    continue;
                }
                current.apply(&event)?;
                left -= 1;
            }
            socket.drop_connection().await;
            replica = Some(current);
        }
        unreachable!("the loop ends by returning")
    }

    /// Listens to the board, from where `known` ends if given; returns whether the events since then were recovered.
    async fn listen(&self, socket: &Client, known: Option<&Replica>) -> Result<bool> {
        let (command, mut payload) = if self.subscribes {
            ("subscribe", json!({ "type": "*", "filters": { "boardId": self.board } }))
        } else {
            ("view:board", json!({ "boardId": self.board }))
        };
        if let Some(known) = known {
            payload["since"] = known.seq().into();
            payload["epoch"] = known.epoch().clone();
        }
        let reply = socket.ask(command, payload).await?;
        if known.is_some() {
            ensure!(reply["recovered"].is_boolean(), "a resumption must say whether it recovered: {reply}");
        }
        Ok(reply["recovered"] == true)
    }
}
