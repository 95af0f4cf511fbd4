//! The rules for tokens, through the public interface: keys and how they are chosen, claims compared with the clock and
//! the configuration, malformed tokens, and the authenticator. Reading single claims is tested in `src/claims.rs`.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod authenticators;
mod claims;
mod forge;
mod garbage;
mod jwks;
mod keys;
