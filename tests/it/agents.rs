//! Agents share a board: tasks that block each other, a limit on work in progress, and agents that vanish in the middle
//! of their work or come back too late. Each task has one agent at a time, and in the end all are done.

mod door;
mod witness;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use boardwire_test_support::{Client, Kind, within};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::{
    door::{Door, Entrance, Outcome, PerRequest, Socket, Step},
    witness::Witness,
};
use crate::scene::{Board, Scene, seed, text};

on_both!(agents_do_each_task_once, a_member_who_is_an_agent_is_shown_as_one);

const TASKS: usize = 200;
const AGENTS: usize = 8;

/// Fewer than there are agents, so that some find the column full.
const WIP_LIMIT: usize = 6;

/// Labels that tasks may have and agents look for.
const TAGS: [&str; 3] = ["api", "docs", "näxt"];

/// How long the whole test may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How long an agent that found nothing waits before it looks again.
const IDLE: Duration = Duration::from_millis(15);

/// What happens to a task that an agent has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is completed.
    Done,
    /// It takes longer than the lease, which is renewed meanwhile, and is completed.
    Renewed,
    /// The agent's connection is cut in the middle of the work.
    Killed,
    /// The agent comes back after the lease has ended.
    Late,
}

/// The fates of twenty claims of an agent, which shuffles them anew for every twenty.
const FATES: [Fate; 20] = {
    let mut fates = [Fate::Done; 20];
    (fates[0], fates[1], fates[2], fates[3]) = (Fate::Killed, Fate::Killed, Fate::Late, Fate::Renewed);
    fates
};

/// A lease that an agent held, and how it ended for the agent.
pub(crate) struct Held {
    agent: String,
    task: String,
    fence: u64,
    fate: Fate,
}

async fn agents_do_each_task_once(kind: Kind) -> Result<()> {
    let seed = seed()?;
    let all = within("all tasks are done", LIMIT, run_agents(kind, seed));
    all.await.flatten().with_context(|| format!("BOARDWIRE_TEST_SEED={seed}"))
}

async fn run_agents(kind: Kind, seed: u64) -> Result<()> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let scene = Scene::open(kind).await?;
    let (planner, observer) = (scene.client("planner").await?, scene.client("observer").await?);
    // Two agents of each user, one at each door: only the fence tells them apart.
    let users: Vec<String> = (0..AGENTS / 2).map(|number| format!("user-{number}")).collect();
    for user in &users {
        scene.client(user).await?;
    }
    let mut members = vec![("observer", "viewer")];
    members.extend(users.iter().map(|user| (user.as_str(), "member")));
    let board = Board::create(&planner, &members).await?;
    let limit = json!({ "columnId": board.columns[1], "updates": { "wip_limit": WIP_LIMIT } });
    planner.ask("column:update", limit).await?;
    let mut witness = Witness::new(&board, board.view(&observer).await?, WIP_LIMIT)?;
    plan(&board, &planner, &mut rng).await?;

    let mut agents = JoinSet::new();
    for number in 0..AGENTS {
        let entrance = Entrance { url: scene.server.url(), user: users[number / 2].clone() };
        let mut agent = |door: &str| Agent::new(format!("{door}-{number}"), &board, rng.u64(..));
        // To test another door, implement `Door` for it and add an arm.
        match number % 2 {
            0 => agents.spawn(agent("socket").work::<Socket>(entrance)),
            _ => agents.spawn(agent("http").work::<PerRequest>(entrance)),
        };
    }
    let mut held = Vec::new();
    while let Some(ended) = agents.join_next().await {
        held.extend(ended??);
    }
    let end = board.snapshot(&planner).await?;
    let last = end["seq"].as_u64().context("no seq")?;
    while witness.seq() < last {
        witness.observe(&observer.next_any().await?.payload)?;
    }
    ensure!(witness.done() == TASKS, "{} tasks are done", witness.done());
    let tasks = end["tasks"].as_array().context("no tasks")?;
    ensure!(tasks.len() == TASKS && tasks.iter().all(|task| task["status"] == "done" && task["lease"].is_null()));
    for lease in &held {
        witness.agrees(lease)?;
    }
    for door in ["socket", "http"] {
        for fate in [Fate::Killed, Fate::Late, Fate::Renewed] {
            let seen = held.iter().any(|lease| lease.fate == fate && lease.agent.starts_with(door));
            ensure!(seen, "no agent at the {door} door was {fate:?}");
        }
    }
    observer.expect_silence(Duration::from_millis(200)).await
}

/// Creates the tasks. Each waits for up to three that were created shortly before it, so that there is no cycle.
async fn plan(board: &Board, planner: &Client, rng: &mut fastrand::Rng) -> Result<()> {
    let mut calls = Vec::new();
    for number in 0..TASKS {
        let tags: Vec<_> = TAGS.into_iter().filter(|_| rng.u8(..3) == 0).collect();
        let id = task_id(&board.id, number);
        let task = json!({
            "boardId": board.id, "id": id, "title": format!("Task {number}"), "tags": tags, "priority": rng.u8(..=10),
        });
        calls.push(planner.send_call("task:create", &task));
        for earlier in {
            let count = rng.usize(..4);
            rng.choose_multiple(number.saturating_sub(60)..number, count)
        } {
            if rng.u8(..2) == 0 {
                continue;
            }
            let link = json!({ "taskId": id, "dependsOn": task_id(&board.id, earlier), "type": "blocks" });
            calls.push(planner.send_call("task:dependency:add", &link));
        }
    }
    for call in calls {
        let reply = call.reply().await?;
        ensure!(reply["ok"] == true, "{reply}");
    }
    Ok(())
}

/// Returns an id unlike those of other boards in the same database.
fn task_id(board: &str, number: usize) -> String {
    format!("{}-{number}", &board[board.len() - 6..])
}

struct Agent {
    name: String,
    board: String,
    rng: fastrand::Rng,
    claims: usize,
    fates: Vec<Fate>,
    held: Vec<Held>,
}

impl Agent {
    fn new(name: String, board: &Board, seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self { name, board: board.id.clone(), rng, claims: 0, fates: Vec::new(), held: Vec::new() }
    }

    /// Works until nothing is left to do.
    async fn work<D: Door>(mut self, entrance: Entrance) -> Result<Vec<Held>> {
        let mut door = D::open(&entrance).await?;
        loop {
            let tag = (self.rng.u8(..3) == 0).then(|| TAGS[self.rng.usize(..TAGS.len())]);
            let ttl = if self.rng.u8(..4) == 0 { 2 } else { 1 };
            self.claims += 1;
            let request = format!("{}.claim.{}", self.name, self.claims);
            let claim = Step::Claim { board: &self.board, agent: &self.name, tag, ttl };
            let asked = Instant::now();
            let chosen = door.done(&request, &claim).await?;
            if chosen["task"].is_null() {
                let left = chosen["why"]["skipped"].as_object().context("no skipped")?.values();
                if tag.is_none() && left.filter_map(Value::as_u64).sum::<u64>() == 0 {
                    return Ok(self.held);
                }
                tokio::time::sleep(IDLE).await;
                continue;
            }
            let lease = &chosen["task"]["lease"];
            ensure!(lease["agent"] == *self.name, "{} was given {chosen}", self.name);
            let (task, fence) = (text(&chosen["task"]["id"])?, lease["fence"].as_u64().context("no fence")?);
            if self.fates.is_empty() {
                self.fates = FATES.to_vec();
                self.rng.shuffle(&mut self.fates);
            }
            let mut fate = self.fates.pop().unwrap_or(Fate::Done);
            match fate {
                Fate::Killed => {
                    self.work_a_while().await;
                    door.cut(&task, fence).await?;
                    door = D::open(&entrance).await?;
                }
                Fate::Late => {
                    tokio::time::sleep(Duration::from_secs(ttl) + Duration::from_millis(self.rng.u64(20..200))).await;
                    self.expect_refused_after_expiry(&door, &task, fence).await?;
                }
                Fate::Done | Fate::Renewed => {
                    if !self.finish(&door, &task, fence, fate == Fate::Renewed).await? {
                        let lasted = Duration::from_secs(ttl);
                        ensure!(asked.elapsed() >= lasted, "{} lost {task} after {:?}", self.name, asked.elapsed());
                        fate = Fate::Late;
                    }
                }
            }
            self.held.push(Held { agent: self.name.clone(), task, fence, fate });
        }
    }

    async fn work_a_while(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.rng.u64(5..=30))).await;
    }

    /// Works on a task and completes it; returns `false` if the lease had ended before.
    async fn finish<D: Door>(&mut self, door: &D, task: &str, fence: u64, renewed: bool) -> Result<bool> {
        let rounds = if renewed { 5 } else { self.rng.usize(..2) };
        for round in 0..rounds {
            self.work_a_while().await;
            let renew = Step::Renew { task, fence, ttl: 2 };
            match door.ask(&self.request(task, fence, &format!("renew{round}")), &renew).await? {
                Outcome::Done(reply) => ensure!(reply["task"]["lease"]["fence"] == fence, "{reply}"),
                Outcome::Refused(code) if code == "LEASE_LOST" => return Ok(false),
                Outcome::Refused(code) => bail!("{renew:?} was refused: {code}"),
            }
            if renewed {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        self.work_a_while().await;
        let update = Step::Update { task, fence, title: &format!("By {}", self.name) };
        let complete = Step::Complete { task, fence };
        for (word, step) in [("update", update), ("complete", complete)] {
            match door.ask(&self.request(task, fence, word), &step).await? {
                Outcome::Done(reply) => ensure!(reply["task"]["id"] == *task, "{reply}"),
                Outcome::Refused(code) if code == "LEASE_LOST" => return Ok(false),
                Outcome::Refused(code) => bail!("{step:?} was refused: {code}"),
            }
        }
        Ok(true)
    }

    /// Checks that every attempt under an ended lease is refused.
    async fn expect_refused_after_expiry<D: Door>(&self, door: &D, task: &str, fence: u64) -> Result<()> {
        let renew = Step::Renew { task, fence, ttl: 2 };
        let update = Step::Update { task, fence, title: "Too late" };
        for (number, step) in [renew, update, Step::Complete { task, fence }].into_iter().enumerate() {
            match door.ask(&self.request(task, fence, &format!("late{number}")), &step).await? {
                Outcome::Refused(code) if code == "LEASE_LOST" => {}
                other => bail!("{} came late with {step:?} and was answered {other:?}", self.name),
            }
        }
        Ok(())
    }

    /// Returns a request id that shows the witness under which lease it was sent.
    fn request(&self, task: &str, fence: u64, what: &str) -> String {
        format!("{}.{task}.{fence}.{what}", self.name)
    }
}

async fn a_member_who_is_an_agent_is_shown_as_one(kind: Kind) -> Result<()> {
    let scene = Scene::open(kind).await?;
    let (ann, bob) = (scene.client("ann").await?, scene.client("bob").await?);
    let board = Board::create(&ann, &[("bob", "member")]).await?;
    board.view(&bob).await?;
    let save = async |agent: &[&str]| {
        let arguments = ["user", "create", "--id", "scout", "--name", "Scout"];
        scene.server.run(&[&arguments, agent].concat(), "").await
    };
    assert_eq!(save(&["--agent"]).await?["user"]["agent"], true);
    let member = json!({ "boardId": board.id, "userId": "scout", "role": "member" });
    assert_eq!(ann.ask("board:member:set", member).await?["member"]["agent"], true);
    let event = bob.next_event("board:member:set").await?;
    assert_eq!(event.payload["data"]["member"]["agent"], true);

    let agents = async || -> Result<Vec<String>> {
        let snapshot = board.snapshot(&bob).await?;
        let members = snapshot["members"].as_array().context("no members")?;
        members.iter().filter(|member| member["agent"] == true).map(|member| text(&member["user_id"])).collect()
    };
    assert_eq!(agents().await?, ["scout"]);
    // The user stays an agent until changed explicitly.
    assert_eq!(save(&[]).await?["user"]["agent"], true);
    assert_eq!(save(&["--agent=false"]).await?["user"]["agent"], false);
    assert_eq!(agents().await?, Vec::<String>::new());
    Ok(())
}
