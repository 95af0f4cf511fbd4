//! What every door has in common: the gates that a command passes, in one order, whichever way it came; how a caller is
//! let in; and how what was let in follows its credentials until they end.
#![doc = include_str!("../README.md")]

mod census;
mod command;
mod connections;
mod entry;
mod figures;
mod forwarded;
mod gate;
mod headers;
mod incidents;
mod line;
mod listener;
mod overview;
mod peer;
mod recheck;
mod supervise;
mod watch;

pub use census::{Census, Places, Seat};
pub use command::Passed;
pub use connections::Via;
pub use entry::Denied;
pub use figures::{Counts, Second, Slow};
pub use gate::{Gate, GateParts};
pub use headers::{cookies, credential, names_credential, session_cookies};
pub use incidents::{Incident, Incidents, Severity};
pub use line::Line;
pub use listener::{Heard, Listener};
pub use overview::{BoardActivity, Overview, UserActivity};
pub use peer::{Peer, Proxies};
pub use supervise::{Need, supervise};
pub use watch::Watched;
