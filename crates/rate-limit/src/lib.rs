//! How often a caller may call: exact sliding windows with a burst limit for any key, in bounded memory.
//!
//! What a key is, what a call weighs, which clock it is and what a refusal looks like to the caller is left to whoever
//! asks; the two adapters have an answer to the last. No limiter state outlives the process.
//!
//! - [`RateLimiter`] is the limiter. It never reads a clock: `now` is an argument.
//! - [`Weights`] is a table of what calls weigh.
//! - `AddressLimiter` (feature `attempts`, on by default) is for strangers, and keeps its own clock.
//! - `RateLimitLayer` (feature `tower`) stands before an HTTP service, `SocketBudget` with `Admitted` (feature
//!   `socketioxide`) before the handlers of a Socket.IO server.
// The examples of the README need every feature.
#![cfg_attr(
    all(feature = "attempts", feature = "tower", feature = "socketioxide"),
    doc = concat!("\n", include_str!("../README.md"))
)]

#[cfg(feature = "attempts")]
mod attempts;
mod history;
mod limiter;
mod quota;
mod recency;
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
pub use attempts::{AddressLimiter, DEFAULT_MAX_ADDRESSES, customer};
pub use limiter::{DEFAULT_MAX_KEYS, RateLimiter};
pub use quota::{Quota, RateLimitInfo, Refused};
pub use weights::Weights;
