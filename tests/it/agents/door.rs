//! The doors that agents use, and their requests there.

use std::future::Future;

use anyhow::{Context, Result};
use boardwire_test_support::{Client, Http, token};
use serde_json::{Value, json};

/// Where an agent connects, and as which user.
pub(crate) struct Entrance {
    pub(crate) url: String,
    pub(crate) user: String,
}

/// A request of an agent.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Claim { board: &'a str, agent: &'a str, tag: Option<&'static str>, ttl: u64 },
    Renew { task: &'a str, fence: u64, ttl: u64 },
    Update { task: &'a str, fence: u64, title: &'a str },
    Complete { task: &'a str, fence: u64 },
}

/// The outcome: the result, or the code of the refusal.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Value),
    Refused(String),
}

/// A connection of one agent.
pub(crate) trait Door: Send + Sync + Sized + 'static {
    fn open(entrance: &Entrance) -> impl Future<Output = Result<Self>> + Send;

    /// Sends a request under this request id.
    fn ask(&self, request: &str, step: &Step<'_>) -> impl Future<Output = Result<Outcome>> + Send;

    /// Ends the connection without notice, in the middle of the work on this task.
    fn cut(self, task: &str, fence: u64) -> impl Future<Output = Result<()>> + Send;

    /// Sends a request that must be granted.
    fn done(&self, request: &str, step: &Step<'_>) -> impl Future<Output = Result<Value>> + Send {
        async move {
            match self.ask(request, step).await? {
                Outcome::Done(result) => Ok(result),
                Outcome::Refused(code) => anyhow::bail!("{step:?} was refused: {code}"),
            }
        }
    }
}

/// The socket.
pub(crate) struct Socket(Client);

impl Door for Socket {
    async fn open(entrance: &Entrance) -> Result<Self> {
        let auth = json!({ "token": token(&entrance.user, &["read", "write"])? });
        Ok(Self(Client::connect(&entrance.url, auth).await?))
    }

    async fn ask(&self, request: &str, step: &Step<'_>) -> Result<Outcome> {
        let (command, mut payload) = match *step {
            Step::Claim { board, agent, tag, ttl } => {
                let mut claim = json!({ "boardId": board, "agent": agent, "ttl": ttl });
                if let Some(tag) = tag {
                    claim["tags"] = json!([tag]);
                }
                ("task:claim", claim)
            }
            Step::Renew { task, fence, ttl } => ("task:renew", json!({ "taskId": task, "fence": fence, "ttl": ttl })),
            Step::Update { task, fence, title } => {
                ("task:update", json!({ "taskId": task, "fence": fence, "updates": { "title": title } }))
            }
            Step::Complete { task, fence } => ("task:complete", json!({ "taskId": task, "fence": fence })),
        };
        payload["requestId"] = request.into();
        let reply = self.0.call(command, payload).await?;
        Ok(outcome(reply["ok"] == true, reply))
    }

    async fn cut(self, _: &str, _: u64) -> Result<()> {
        self.0.drop_connection().await;
        Ok(())
    }
}

/// HTTP, with a connection for each request.
pub(crate) struct PerRequest {
    url: String,
    token: String,
}

impl PerRequest {
    fn request(&self, method: &str, path: &str) -> Http {
        Http::new(&self.url, method, &format!("/api/v1{path}")).bearer(&self.token)
    }
}

impl Door for PerRequest {
    async fn open(entrance: &Entrance) -> Result<Self> {
        Ok(Self { url: entrance.url.clone(), token: token(&entrance.user, &["read", "write"])? })
    }

    async fn ask(&self, request: &str, step: &Step<'_>) -> Result<Outcome> {
        let (method, path, body) = match *step {
            Step::Claim { board, agent, tag, ttl } => {
                let mut claim = json!({ "agent": agent, "ttl": ttl });
                if let Some(tag) = tag {
                    claim["tags"] = json!([tag]);
                }
                ("POST", format!("/boards/{board}/claims"), claim)
            }
            Step::Renew { task, fence, ttl } => {
                ("PUT", format!("/tasks/{task}/lease"), json!({ "fence": fence, "ttl": ttl }))
            }
            Step::Update { task, fence, title } => {
                ("PATCH", format!("/tasks/{task}?fence={fence}"), json!({ "title": title }))
            }
            Step::Complete { task, fence } => ("POST", format!("/tasks/{task}/complete"), json!({ "fence": fence })),
        };
        let answer = self.request(method, &path).header("idempotency-key", request).json(&body).send().await?;
        let body = answer.json().with_context(|| format!("{method} {path} was answered {}", answer.status))?;
        Ok(outcome(answer.status < 300, body))
    }

    /// Cuts the connection in the middle of reporting that the task is done.
    async fn cut(self, task: &str, fence: u64) -> Result<()> {
        let complete = self.request("POST", &format!("/tasks/{task}/complete")).json(&json!({ "fence": fence }));
        complete.send_part(4).await.map(drop)
    }
}

fn outcome(done: bool, body: Value) -> Outcome {
    match body["code"].as_str() {
        Some(code) if !done => Outcome::Refused(code.to_owned()),
        _ if done => Outcome::Done(body),
        _ => Outcome::Refused(body.to_string()),
    }
}
