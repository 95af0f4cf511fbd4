//! An MCP client that writes its messages by hand.

use anyhow::{Context, Result, bail, ensure};
use boardwire_test_support::{Answer, Http, PATIENCE, Server, patient, token};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

/// The current revision of the protocol, which has no sessions.
pub(super) const CURRENT: &str = "2026-07-28";
/// The previous revision, which needs a session.
pub(super) const PREVIOUS: &str = "2025-11-25";

/// An agent that speaks the previous revision of the protocol in a session, or the current one without.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(super) url: String,
    pub(super) token: String,
    pub(super) session: Option<String>,
}

impl Agent {
    /// Creates a client of the current revision.
    pub(super) fn current(server: &Server, user: &str) -> Result<Self> {
        Ok(Self { url: server.url(), token: token(user, &["read", "write"])?, session: None })
    }

    /// Creates a client of the current revision, with this token.
    pub(crate) fn with_token(url: &str, token: &str) -> Self {
        Self { url: url.to_owned(), token: token.to_owned(), session: None }
    }

    /// Creates a client of the previous revision, in its own session.
    pub(super) async fn previous(server: &Server, user: &str) -> Result<Self> {
        let mut agent = Self::current(server, user)?;
        let answer = agent.initialize().await?;
        ensure!(answer.status == 200, "{answer:?}");
        agent.session = Some(answer.header("mcp-session-id").context("no session")?.to_owned());
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let answer = agent.post("notifications/initialized", &initialized).send().await?;
        ensure!(answer.status == 202, "{answer:?}");
        Ok(agent)
    }

    pub(super) async fn initialize(&self) -> Result<Answer> {
        self.initialize_as(PREVIOUS).await
    }

    pub(super) async fn initialize_as(&self, revision: &str) -> Result<Answer> {
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        });
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        self.bare().json(&message).send().await
    }

    /// Returns a request with the headers of both revisions and no body.
    pub(super) fn bare(&self) -> Http {
        Http::new(&self.url, "POST", "/mcp").bearer(&self.token).header("accept", "application/json, text/event-stream")
    }

    fn post(&self, method: &str, message: &Value) -> Http {
        let http = self.bare().json(message);
        match &self.session {
            Some(session) => http.header("mcp-session-id", session).header("mcp-protocol-version", PREVIOUS),
            None => {
                let params = &message["params"];
                let name = params["name"].as_str().or(params["uri"].as_str());
                let http = http.header("mcp-protocol-version", CURRENT).header("mcp-method", method);
                name.into_iter().fold(http, |http, name| http.header("mcp-name", name))
            }
        }
    }

    fn message(&self, method: &str, mut params: Value) -> Value {
        if self.session.is_none() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": CURRENT,
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    }

    /// Returns a request that has not been sent yet.
    pub(super) fn prepare(&self, method: &str, params: Value) -> Http {
        self.post(method, &self.message(method, params))
    }

    /// Sends a request; returns the HTTP answer.
    pub(super) async fn send(&self, method: &str, params: Value) -> Result<Answer> {
        self.prepare(method, params).send().await
    }

    /// Sends a request; returns its result or error.
    pub(super) async fn request(&self, method: &str, params: Value) -> Result<Value> {
        let answer = self.send(method, params).await?;
        let messages = match answer.json() {
            Ok(message) => vec![message],
            Err(_) => messages(&String::from_utf8_lossy(&answer.body)),
        };
        let reply = messages.into_iter().find(|message| message["id"] == 1);
        reply.with_context(|| format!("no answer: {answer:?}"))
    }

    /// Calls a tool; returns its result after checking that structure and text agree.
    pub(crate) async fn tool(&self, name: &str, arguments: Value) -> Result<Value> {
        let reply = self.request("tools/call", json!({"name": name, "arguments": arguments})).await?;
        let result = &reply["result"];
        let text = result["content"][0]["text"].as_str().with_context(|| format!("{name}: {reply}"))?;
        ensure!(serde_json::from_str::<Value>(text)? == result["structuredContent"], "{reply}");
        Ok(result.clone())
    }

    /// Calls a tool that must succeed; returns its answer.
    pub(super) async fn ask(&self, name: &str, arguments: Value) -> Result<Value> {
        let result = self.tool(name, arguments).await?;
        ensure!(result["isError"] == false, "{name}: {result}");
        Ok(result["structuredContent"].clone())
    }

    /// Calls a tool that must be refused; returns the failure.
    pub(super) async fn refused(&self, name: &str, arguments: Value, code: &str) -> Result<Value> {
        let result = self.tool(name, arguments).await?;
        let failure = &result["structuredContent"];
        ensure!(result["isError"] == true && failure["ok"] == false && failure["code"] == code, "{name}: {result}");
        Ok(failure.clone())
    }

    /// Opens a stream of the changes of these resources. It is not compressed, although the request would accept that.
    pub(super) async fn listen(&self, uris: &[&str]) -> Result<Stream> {
        if let Some(session) = &self.session {
            for uri in uris {
                let reply = self.request("resources/subscribe", json!({"uri": uri})).await?;
                ensure!(reply["result"].is_object(), "{reply}");
            }
            let http = Http::new(&self.url, "GET", "/mcp").bearer(&self.token).header("accept", "text/event-stream");
            let http = http.header("mcp-session-id", session).header("mcp-protocol-version", PREVIOUS);
            let http = http.header("accept-encoding", "gzip");
            return Ok(Stream::new(http.send_part(0).await?));
        }
        let method = "subscriptions/listen";
        let message = self.message(method, json!({"notifications": {"resourceSubscriptions": uris}}));
        let http = self.post(method, &message).header("accept-encoding", "gzip");
        let stream = http.send_part(message.to_string().len()).await?;
        let mut stream = Stream::new(stream);
        let first = stream.next().await?.context("the stream ended")?;
        ensure!(first["method"] == "notifications/subscriptions/acknowledged", "{first}");
        Ok(stream)
    }

    /// Opens such a stream as Ann with the same revision of the protocol; in a new session if the revision has
    /// sessions.
    pub(super) async fn listen_in_new_session(&self, scene: &crate::scene::Scene, uri: &str) -> Result<Stream> {
        let agent = match self.session {
            Some(_) => Self::previous(&scene.server, "ann").await?,
            None => self.clone(),
        };
        agent.listen(&[uri]).await
    }
}

/// Returns the messages in a text of server-sent events.
pub(super) fn messages(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect()
}

/// A stream of server-sent events.
pub(super) struct Stream {
    connection: TcpStream,
    read: String,
}

impl Stream {
    fn new(connection: TcpStream) -> Self {
        Self { connection, read: String::new() }
    }

    /// Returns the next message; `None` if the stream has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            while let Some((line, rest)) = self.read.split_once('\n') {
                let message = line.strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok());
                self.read = rest.to_owned();
                if message.is_some() {
                    return Ok(message);
                }
            }
            let mut bytes = [0; 4096];
            let read = timeout(patient(PATIENCE), self.connection.read(&mut bytes)).await;
            match read.with_context(|| format!("no message arrived; unread: {:?}", self.read))? {
                Ok(0) => return Ok(None),
                Ok(count) => self.read.push_str(std::str::from_utf8(&bytes[..count])?),
                Err(_) => return Ok(None),
            }
        }
    }

    /// Returns the next resource that has changed.
    pub(super) async fn updated(&mut self) -> Result<String> {
        loop {
            let Some(message) = self.next().await? else { bail!("the stream ended") };
            if message["method"] == "notifications/resources/updated" {
                return crate::scene::text(&message["params"]["uri"]);
            }
        }
    }
}
