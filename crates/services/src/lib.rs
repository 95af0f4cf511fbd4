//! What may happen on a board, and to whom: the rules behind every door. A door hands in a typed command and a
//! [`Caller`]; out comes what happened, or a [`Fault`].
//!
//! One change is one unit of work: the entity, the board's next `seq`, the event, and the request id commit together or
//! not at all. What was committed goes to a [`Publisher`], in this crate, so that no door can forget it.
//!
//! # To add a change
//! After its line in `protocol`'s catalog, the match in `change.rs` asks for an arm: write the function in the module of
//! the thing it changes. It gets at storage through `BoardEdit`, which only `access` hands out, after the checks.
#![doc = include_str!("../README.md")]

mod access;
mod applied;
mod attachment;
mod board;
mod caller;
mod change;
pub mod clock;
mod column;
mod comment;
mod dependency;
mod edit;
mod fault;
mod lease;
mod lease_state;
mod listing;
mod merge;
mod notification;
mod notify;
mod place;
pub mod position;
mod publisher;
mod query;
mod scheduler;
mod service;
mod snapshot;
pub mod storage;
mod task;
mod team;
mod unit;

pub use applied::{Applied, Personal};
pub use attachment::{NewAttachment, remove_leftovers};
pub use caller::{Caller, InvalidCaller};
pub use fault::Fault;
pub use notification::{Announcement, Audience};
pub use publisher::Publisher;
pub use service::{Addable, Services};
pub use storage::Origin;
