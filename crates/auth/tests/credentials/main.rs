//! Every rule about credentials that are an id and a secret, and about passwords, tested from outside: their form, API
//! keys, sessions, and what renewal makes of each.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod api_keys;
mod passwords;
mod secrets;
mod sessions;
mod vault;
