//! The scene that most tests begin with: a server on a fresh database, users, and a board with members.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Client, Database, Dial, Kind, Server, token};
use serde_json::{Value, json};

/// A server and its database.
pub(crate) struct Scene {
    pub(crate) database: Arc<Database>,
    pub(crate) server: Server,
}

impl Scene {
    /// Starts a server with high limits.
    pub(crate) async fn open(kind: Kind) -> Result<Self> {
        Self::with(kind, &[]).await
    }

    /// Starts a server with these settings in addition.
    pub(crate) async fn with(kind: Kind, settings: &[(&str, &str)]) -> Result<Self> {
        let database = Database::create(kind).await?;
        let mut server = Server::builder(&database);
        for (variable, value) in settings {
            server = server.set(variable, value);
        }
        let server = server.start().await?;
        Ok(Self { database, server })
    }

    /// Connects a user who may read and write.
    pub(crate) async fn client(&self, user: &str) -> Result<Client> {
        self.client_with(user, &["read", "write"]).await
    }

    /// Connects a user with these permissions.
    pub(crate) async fn client_with(&self, user: &str, permissions: &[&str]) -> Result<Client> {
        let auth = json!({ "token": token(user, permissions)? });
        let client = Client::connect(&self.server.url(), auth).await;
        client.with_context(|| format!("connecting {user}; the server's log:\n{}", self.server.log()))
    }

    /// Returns a connection of `user` that is not open yet.
    pub(crate) fn dial(&self, user: &str) -> Result<Dial> {
        Ok(Dial::new(&self.server.url()).auth(json!({ "token": token(user, &["read", "write"])? })))
    }

    /// Connects the administrator.
    pub(crate) async fn admin(&self) -> Result<Client> {
        self.server.create_user("root", "Root", "read,write,admin").await?;
        self.client_with("root", &["read", "write", "admin"]).await
    }
}

/// A board as a test sets it up.
pub(crate) struct Board {
    pub(crate) id: String,
    /// The ids of its columns, in order.
    pub(crate) columns: Vec<String>,
}

impl Board {
    /// Creates a board of `owner` with the default columns and these members, who must have connected once.
    pub(crate) async fn create(owner: &Client, members: &[(&str, &str)]) -> Result<Self> {
        let reply = owner.ask("board:create", json!({ "name": "Launch" })).await?;
        let board = Self { id: text(&reply["board"]["id"])?, columns: ids(&reply["columns"])? };
        ensure!(board.columns.len() == 3, "three columns by default: {reply}");
        for (user, role) in members {
            let member = json!({ "boardId": board.id, "userId": user, "role": role });
            owner.ask("board:member:set", member).await?;
        }
        Ok(board)
    }

    /// Creates a task on the board; returns its id.
    pub(crate) async fn task(&self, writer: &Client, title: &str) -> Result<String> {
        let reply = writer.ask("task:create", json!({ "boardId": self.id, "title": title })).await?;
        text(&reply["task"]["id"])
    }

    /// Returns a fresh snapshot.
    pub(crate) async fn snapshot(&self, reader: &Client) -> Result<Value> {
        reader.ask("board:get", json!({ "boardId": self.id })).await
    }

    /// Views the board from now on.
    pub(crate) async fn view(&self, reader: &Client) -> Result<Value> {
        reader.ask("view:board", json!({ "boardId": self.id })).await
    }
}

/// Returns the text in a value.
pub(crate) fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("no text: {value}"))
}

/// Returns the ids of a list of entities.
pub(crate) fn ids(list: &Value) -> Result<Vec<String>> {
    list.as_array().with_context(|| format!("no list: {list}"))?.iter().map(|item| text(&item["id"])).collect()
}

/// Returns the names of an object's fields, sorted.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

/// Returns the seed for random choices: `BOARDWIRE_TEST_SEED`, or a new one. Errors must name it.
pub(crate) fn seed() -> Result<u64> {
    match std::env::var("BOARDWIRE_TEST_SEED") {
        Ok(seed) => seed.parse().context("BOARDWIRE_TEST_SEED is a number"),
        Err(_) => Ok(fastrand::u64(..)),
    }
}
