//! Every rule about tokens, tested from outside: keys and their choice, claims against clock and configuration, tokens
//! that are no tokens, and the authenticator on top. The reading of single claims is tested beside its code.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod authenticators;
mod claims;
mod forge;
mod garbage;
mod jwks;
mod keys;
