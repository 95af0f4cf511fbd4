//! The public interface of the limiters: single cases, comparisons with a simple model, a million keys and addresses.
//! The order in which keys are removed is tested in `lru_map.rs`.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod addresses;
mod bounds;
mod by_hand;
mod clocks;
mod model;
mod random;
