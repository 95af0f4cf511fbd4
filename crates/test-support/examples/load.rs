//! The load generator of the benchmark: `load URL PID TOKEN boardwire|bare quick|full`. Drives a server with raw
//! Socket.IO over WebSocket, reads the server's CPU time and memory from /proc, and prints one JSON object.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(20);

struct Target {
    url: String,
    pid: u32,
    token: String,
}

const BOARD: &str = "bench";
const TASKS: usize = 64;

fn task(number: usize) -> String {
    format!("t{}", number % TASKS)
}

struct Plan {
    writing: Duration,
    readers: usize,
    idle: usize,
    fan_out: Duration,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, pid, token, kind, size] = arguments.as_slice() else {
        bail!("load URL PID TOKEN boardwire|bare quick|full");
    };
    let target = Arc::new(Target { url: url.replace("http://", "ws://"), pid: pid.parse()?, token: token.clone() });
    if kind == "boardwire" {
        fill(&target).await?;
    }
    let plan = match size.as_str() {
        "quick" => Plan { writing: Duration::from_secs(1), readers: 100, idle: 100, fan_out: Duration::from_secs(1) },
        _ => Plan { writing: Duration::from_secs(5), readers: 1000, idle: 2000, fan_out: Duration::from_secs(5) },
    };
    let idle = idle_memory(&target, plan.idle).await?;
    let one = commands(&target, 1, plan.writing).await?;
    let many = commands(&target, 64, plan.writing).await?;
    let readers = Readers::connect(&target, plan.readers).await?;
    let paced = readers.fan_out(&target, plan.fan_out, Pace { burst: 1, every: Duration::from_millis(20) }).await?;
    let bursts = readers.fan_out(&target, plan.fan_out, Pace { burst: 10, every: Duration::from_millis(200) }).await?;
    let full = readers.fan_out(&target, plan.fan_out, Pace { burst: 16, every: Duration::ZERO }).await?;
    readers.stop();
    println!(
        "{}",
        json!({
            "idle_kib": idle, "commands_1": one, "commands_64": many, "readers": plan.readers,
            "paced": paced, "bursts": bursts, "full": full,
        })
    );
    Ok(())
}

/// Creates the board that is written to.
async fn fill(target: &Target) -> Result<()> {
    let mut raw = Raw::connect(target).await?;
    raw.request("board:create", &json!({"id": BOARD, "name": "Benchmark"})).await?;
    raw.acknowledged().await?;
    for number in 0..TASKS {
        raw.request("task:create", &json!({"boardId": BOARD, "id": task(number), "title": "A card"})).await?;
        raw.acknowledged().await?;
    }
    Ok(())
}

/// A bare connection.
struct Raw {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    acknowledgements: u64,
}

impl Raw {
    async fn connect(target: &Target) -> Result<Self> {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket", target.url);
        let (stream, _) = timeout(PATIENCE, connect_async(url)).await??;
        let mut raw = Self { stream, acknowledgements: 0 };
        raw.wait_for("0{").await?;
        raw.send(format!("40{}", json!({"token": target.token}))).await?;
        raw.wait_for("40").await?;
        Ok(raw)
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.stream.send(Message::text(text)).await?)
    }

    async fn next(&mut self) -> Result<String> {
        loop {
            match self.stream.next().await.context("the server closed the connection")?? {
                Message::Text(text) if text.as_str() == "2" => self.send("3".to_owned()).await?,
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(_) => bail!("the server closed the connection"),
                _ => {}
            }
        }
    }

    async fn wait_for(&mut self, prefix: &str) -> Result<String> {
        timeout(PATIENCE, async {
            loop {
                let text = self.next().await?;
                if text.starts_with(prefix) {
                    return Ok(text);
                }
            }
        })
        .await
        .with_context(|| format!("no packet {prefix} came"))?
    }

    async fn request(&mut self, event: &str, payload: &Value) -> Result<()> {
        let id = self.acknowledgements;
        self.acknowledgements += 1;
        self.send(format!("42{id}{}", json!([event, payload]))).await
    }

    /// Waits for the next acknowledgement; a refusal is an error.
    async fn acknowledged(&mut self) -> Result<()> {
        let reply = self.wait_for("43").await?;
        if !reply.contains("\"ok\":true") {
            bail!("refused: {reply}");
        }
        Ok(())
    }

    async fn update(&mut self, task: &str, number: u64) -> Result<()> {
        let title = format!("A title of some length, as people write them, number {number}");
        self.request("task:update", &json!({"taskId": task, "updates": {"title": title}})).await
    }
}

/// Returns commands per second, where each writer waits for an acknowledgement before its next command.
async fn commands(target: &Arc<Target>, writers: usize, span: Duration) -> Result<f64> {
    let done = Arc::new(AtomicU64::new(0));
    let mut connected = Vec::new();
    for _ in 0..writers {
        connected.push(Raw::connect(target).await?);
    }
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (at, mut raw) in connected.into_iter().enumerate() {
        let (done, task) = (Arc::clone(&done), task(at));
        running.spawn(async move {
            let mut number = 0;
            while started.elapsed() < span {
                raw.update(&task, number).await?;
                raw.acknowledged().await?;
                number += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

/// Returns KiB of resident memory per idle connected socket.
async fn idle_memory(target: &Arc<Target>, sockets: usize) -> Result<f64> {
    // The first connections load what is needed only once.
    let warm: Vec<Raw> = many(target, 20).await?;
    let before = resident_kib(target.pid)?;
    let idle = many(target, sockets).await?;
    sleep(Duration::from_millis(500)).await;
    let after = resident_kib(target.pid)?;
    drop((warm, idle));
    sleep(Duration::from_millis(500)).await;
    Ok((after - before) / sockets as f64)
}

async fn many(target: &Arc<Target>, count: usize) -> Result<Vec<Raw>> {
    let mut connected = Vec::new();
    while connected.len() < count {
        let mut connecting = JoinSet::new();
        for _ in 0..(count - connected.len()).min(50) {
            let target = Arc::clone(target);
            connecting.spawn(async move { Raw::connect(&target).await });
        }
        while let Some(raw) = connecting.join_next().await {
            connected.push(raw??);
        }
    }
    Ok(connected)
}

#[derive(Clone, Copy)]
struct Pace {
    burst: usize,
    every: Duration,
}

struct Readers {
    received: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    count: usize,
    tasks: JoinSet<()>,
}

impl Readers {
    async fn connect(target: &Arc<Target>, count: usize) -> Result<Self> {
        let mut readers = Self { received: Arc::default(), stopped: Arc::default(), count, tasks: JoinSet::new() };
        for mut raw in many(target, count).await? {
            raw.request("view:board", &json!(BOARD)).await?;
            raw.acknowledged().await?;
            let (received, stopped) = (Arc::clone(&readers.received), Arc::clone(&readers.stopped));
            readers.tasks.spawn(async move {
                while let Ok(text) = raw.next().await {
                    if text.starts_with("42[\"task:updated\"") {
                        received.fetch_add(1, Ordering::Relaxed);
                    }
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        Ok(readers)
    }

    /// Returns deliveries per second, the server's CPU seconds per million deliveries, and how many are missing.
    async fn fan_out(&self, target: &Arc<Target>, span: Duration, pace: Pace) -> Result<Value> {
        let mut writer = Raw::connect(target).await?;
        let mut turns = (!pace.every.is_zero()).then(|| interval(pace.every));
        let (received, cpu, started) =
            (self.received.load(Ordering::Relaxed), cpu_seconds(target.pid)?, Instant::now());
        let mut sent = 0;
        let mut waiting = VecDeque::new();
        while started.elapsed() < span {
            if let Some(turns) = &mut turns {
                turns.tick().await;
            }
            while waiting.len() < pace.burst {
                writer.update(&task(0), sent).await?;
                waiting.push_back(());
                sent += 1;
            }
            let keep = if turns.is_some() { 0 } else { pace.burst / 2 };
            while waiting.len() > keep {
                writer.acknowledged().await?;
                waiting.pop_front();
            }
        }
        let due = received + sent * self.count as u64;
        timeout(PATIENCE, async {
            while self.received.load(Ordering::Relaxed) < due {
                sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .ok();
        let seconds = started.elapsed().as_secs_f64();
        let delivered = self.received.load(Ordering::Relaxed) - received;
        let cpu = cpu_seconds(target.pid)? - cpu;
        Ok(json!({
            "deliveries_per_second": delivered as f64 / seconds,
            "cpu_seconds_per_million": cpu / delivered as f64 * 1e6,
            "missing": due.saturating_sub(received + delivered),
        }))
    }

    fn stop(mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.tasks.abort_all();
    }
}

fn resident_kib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Returns user and system time; the kernel counts in hundredths of a second.
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = stat.rsplit_once(") ").context("unexpected /proc/PID/stat")?.1;
    let ticks = behind_name.split(' ').skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}
