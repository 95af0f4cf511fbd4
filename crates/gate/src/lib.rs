//! What every door has in common: the gates that a command passes, in one order, whichever way it came; how a caller is
//! let in; and how what was let in follows its credentials until they end.
#![doc = include_str!("../README.md")]

mod census;
mod command;
mod entry;
mod gate;
mod headers;
mod listener;
mod recheck;
mod watch;

pub use census::{Places, Seat};
pub use command::Passed;
pub use entry::Denied;
pub use gate::{Gate, GateParts};
pub use headers::{credential, names_credential};
pub use listener::{Heard, Listener};
pub use watch::Watched;
