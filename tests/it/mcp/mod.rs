//! Agents: what they do over MCP is live everywhere, what happens elsewhere reaches them, and they are held to the same
//! rules. In raw JSON-RPC, in both revisions of the protocol.

pub(crate) mod client;
mod entry;
mod revisions;
mod tools;
mod updates;
mod waiting;
