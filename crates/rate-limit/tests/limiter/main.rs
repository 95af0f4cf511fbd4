//! The limiter from outside: against a naive model, against a million keys, and by hand. The order in which keys are
//! dropped is tested beside its code.

mod addresses;
mod bounds;
mod by_hand;
mod model;
