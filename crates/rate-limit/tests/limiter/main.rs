//! The limiter from outside: against a naive model, against a million keys, and by hand. The order in which keys are
//! dropped is tested beside its code.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod addresses;
mod bounds;
mod by_hand;
mod clocks;
mod model;
mod random;
