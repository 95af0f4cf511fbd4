//! Agents: their changes over MCP are seen live everywhere, changes made elsewhere reach them, and the same rules apply
//! to them. In raw JSON-RPC, in both revisions of the protocol.

mod admission;
pub(crate) mod client;
mod revisions;
mod tools;
mod updates;
mod waiting;
