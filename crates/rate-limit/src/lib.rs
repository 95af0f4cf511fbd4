//! Limits how often a caller may call: exact sliding windows with a burst limit, for any type of key, in bounded
//! memory.
//!
//! The user of this crate decides what a key is, how much a call weighs, which clock is used and how a refusal is
//! reported to the caller; the two adapters report refusals by themselves. The limiters' state is in memory only.
//!
//! - [`RateLimiter`] is the limiter. It reads no clock: `now` is an argument.
//! - [`Weights`] is a table of the weights of calls.
//! - `AddressLimiter` (feature `attempts`, on by default) is for callers who are not authenticated. It has its own
//!   clock.
//! - `RateLimitLayer` (feature `tower`) limits the requests of an HTTP service, `SocketBudget` with `Admitted` (feature
//!   `socketioxide`) the events of a Socket.IO server.
// The README's examples need every feature.
#![cfg_attr(
    all(feature = "attempts", feature = "tower", feature = "socketioxide"),
    doc = concat!("\n", include_str!("../README.md"))
)]

#[cfg(feature = "attempts")]
mod attempts;
mod grant_window;
mod limiter;
mod lru_map;
mod quota;
mod shard;
#[cfg(feature = "socketioxide")]
mod socketioxide;
#[cfg(feature = "tower")]
mod tower;
mod weights;

#[cfg(feature = "socketioxide")]
pub use self::socketioxide::{Admitted, NotAdmitted, SocketBudget};
#[cfg(feature = "tower")]
pub use self::tower::{LimitFields, RateLimitFuture, RateLimitLayer, RateLimitService};
#[cfg(feature = "attempts")]
#[expect(deprecated, reason = "its former name")]
pub use attempts::customer;
#[cfg(feature = "attempts")]
pub use attempts::{AddressLimiter, DEFAULT_MAX_ADDRESSES, client_network};
pub use limiter::{DEFAULT_MAX_KEYS, RateLimiter};
pub use quota::{Quota, RateLimitInfo, Refused};
pub use weights::Weights;
