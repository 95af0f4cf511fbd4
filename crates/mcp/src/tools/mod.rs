//! The tools: one for every command that does not concern a connection, and one that waits.

mod answer;
mod call;
mod list;
mod table;
mod wait;

pub(crate) use call::{call, query};
pub(crate) use list::{find, tools};

pub use table::tool_name;
