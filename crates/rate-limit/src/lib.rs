//! How often a caller may call: exact sliding windows with a burst limit for any key, in bounded memory.
//!
//! What a key is, what a call weighs, which clock it is and what a refusal looks like to the caller is left to whoever
//! asks. Nothing here knows of users, HTTP or sockets, and no limiter state outlives the process.
//!
//! [`RateLimiter`] never reads a clock: `now` is an argument. [`AddressLimiter`] (feature `attempts`, on by default) is
//! for strangers, and keeps its own.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "attempts")]
mod attempts;
mod history;
mod limiter;
mod quota;
mod recency;
mod shard;

#[cfg(feature = "attempts")]
pub use attempts::{AddressLimiter, DEFAULT_MAX_ADDRESSES};
pub use limiter::{DEFAULT_MAX_KEYS, RateLimiter};
pub use quota::{Quota, RateLimitInfo, Refused};
