//! MCP: agents' changes are seen live everywhere, changes made elsewhere reach agents, and the same rules apply to
//! them. In raw JSON-RPC, in the current and the previous revision; `revisions` covers the older ones.

mod admission;
pub(crate) mod client;
mod revisions;
mod tools;
mod updates;
mod waiting;
