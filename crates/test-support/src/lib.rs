//! The foundation of the tests of the whole product: the real server as a child process, databases of both kinds,
//! users, a Socket.IO client of its own, replicas of boards, and the convergence checker.
//!
//! Nothing here uses the server's internals. It starts the `boardwire` program, speaks the wire contract to it, and
//! reads its database.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use boardwire_test_support::{Client, Database, Kind, Server, token};
//! use serde_json::json;
//!
//! let database = Database::create(Kind::Sqlite).await?;
//! let server = Server::start(&database).await?;
//! let ann = Client::connect(&server.url(), json!({ "token": token("ann", &["read", "write"])? })).await?;
//! let reply = ann.ask("board:create", json!({ "name": "Launch" })).await?;
//! assert_eq!(reply["board"]["name"], "Launch");
//! # Ok(())
//! # }
//! ```
#![doc = include_str!("../README.md")]

mod binary;
mod client;
mod connection;
mod converge;
mod database;
mod deadline;
mod difference;
mod entities;
mod history;
mod http;
mod inbox;
mod packet;
mod postgres;
mod psql;
mod redact;
mod replica;
mod server;
mod statements;
mod stranger;
mod token;

pub use client::{Client, Pending};
pub use connection::{ConnectError, Dial};
pub use converge::{Acknowledged, Evidence, Tally, converge};
pub use database::{Database, Kind};
pub use deadline::{PATIENCE, eventually, patient, when_quick, within};
pub use difference::first_difference;
pub use entities::{Entity, reply_entities};
pub use history::{History, Logged};
pub use http::{Answer, Http};
pub use inbox::{Event, Received};
pub use redact::{redact, stand_ins};
pub use replica::{Divergence, Replica};
pub use server::{Server, ServerBuilder};
pub use statements::statements;
pub use stranger::Stranger;
pub use token::{JWT_SECRET, token, token_expiring_in};
