//! The rules for passwords and for credentials with an id and a secret, through the public interface: their form, API
//! keys, sessions, and the renewal of each.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod api_keys;
mod memory_store;
mod passwords;
mod secrets;
mod sessions;
