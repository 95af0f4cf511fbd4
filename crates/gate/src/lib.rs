//! What every door has in common: the gates that a command passes, in one order, whichever way it came; how a caller is
//! let in; and how what was let in follows its credentials until they end.
#![doc = include_str!("../README.md")]

mod admission;
mod census;
mod connections;
mod entry;
mod follow;
mod forwarded;
mod gate;
mod headers;
mod line;
mod listener;
mod open;
mod operator;
mod peer;
mod recheck;
mod supervise;
mod team_boards;
mod watch;

pub use admission::{Admitted, Call, Charge, no_connection};
pub use census::{Census, Places, Seat};
pub use entry::Denied;
pub use follow::{FollowError, FollowRequest, Followed, Follower};
pub use gate::{Gate, GateParts};
pub use headers::{credential, names_credential};
pub use line::Line;
pub use listener::{Heard, Listener};
pub use peer::{Peer, Proxies};
pub use supervise::{Need, supervise};
pub use watch::Watched;
