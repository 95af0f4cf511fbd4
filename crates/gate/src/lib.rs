//! The parts that all doors share: authentication, admission in one order for commands from any door, and connections
//! that follow their credentials until these end.
#![doc = include_str!("../README.md")]

mod admission;
mod authentication;
mod connection_guard;
mod connection_limits;
mod connections;
mod follow;
mod forwarded;
mod gate;
mod headers;
mod listener;
mod open;
mod operator;
mod peer;
mod recheck;
mod supervise;
mod tcp_connection;
mod team_boards;

pub use admission::{Admitted, Call, Charge, no_connection};
pub use authentication::AuthenticationError;
pub use connection_guard::ConnectionGuard;
pub use connection_limits::{ConnectionLimiter, ConnectionLimits, ConnectionPermit};
pub use follow::{FollowError, FollowRequest, Followed, Follower};
pub use gate::{Gate, GateParts};
pub use headers::{STREAM_CACHE_CONTROL, credential, names_credential};
pub use listener::{Listener, ListenerEvent};
pub use peer::{Peer, Proxies};
pub use supervise::{Need, supervise};
pub use tcp_connection::TcpConnection;
