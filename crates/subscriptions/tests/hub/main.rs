//! The hub on a log in memory, with clients that record what they receive.
#![expect(clippy::unwrap_used, reason = "a test")]

mod client;
mod delivery;
mod memberships;
mod memory_log;
mod notifications;
mod presence;
mod resuming;
mod rooms;
mod scene;
mod subscriptions;
mod timed;
mod typing;
