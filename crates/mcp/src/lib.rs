//! The MCP door: every command as a tool, boards and tasks as resources that announce their changes, and prompts
//! that read a board. Whatever an agent does passes the same gate as a command of a socket, and is seen live
//! everywhere.
//!
//! # To add a tool
//! Add a command to the catalog of `protocol`: it is a tool, whose arguments are the payload of the command. A row in
//! `tools/table.rs` gives it another name, a description for agents, hints, or another place in the list.
#![doc = include_str!("../README.md")]

mod agent;
#[cfg(feature = "bridge")]
pub mod bridge;
mod door;
mod front;
mod message;
mod problem;
mod prompts;
mod reference;
mod resources;
mod routes;
mod sessions;
mod shape;
mod tools;
mod updates;

pub use door::{McpParts, Settings};
pub use reference::reference;
pub use routes::routes;
pub use tools::tool_name;
