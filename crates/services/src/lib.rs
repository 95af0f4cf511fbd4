//! The rules of boards: who may do what, and what follows from it. A caller passes in a typed command and a [`Caller`],
//! and gets the outcome or a [`ServiceError`].
//!
//! Each change is one unit of work: the entity, the board's next `seq`, the event and the request id are committed
//! together or not at all. This crate passes whatever was committed to a [`Publisher`], so that no caller can forget
//! to.
//!
//! # To add a change
//! Once the command is in `protocol`'s catalog, `change.rs` does not compile until its payload implements `Execute`,
//! in the module of the entity that it changes. There it changes the board through a `BoardEdit`, which `Unit`
//! returns after the checks.
#![doc = include_str!("../README.md")]

mod access;
mod addable;
mod answer;
mod attachment;
mod board;
mod caller;
mod change;
pub mod clock;
mod column;
mod comment;
mod dependency;
mod edit;
mod error;
mod lease;
mod lease_state;
mod listing;
mod merge;
mod notification;
mod notify;
mod outcome;
pub mod position;
mod publisher;
mod query;
mod scheduler;
mod service;
mod snapshot;
pub mod storage;
mod system;
mod task;
mod task_order;
mod team;
mod unit;

pub use addable::Addable;
pub use attachment::{NewAttachment, remove_leftovers};
pub use caller::{Caller, InvalidCaller};
pub use error::ServiceError;
pub use notification::{Announcement, Audience};
#[expect(deprecated, reason = "its former name")]
pub use outcome::Personal;
pub use outcome::{ChangeOutcome, UserEvent};
pub use publisher::Publisher;
pub use service::Services;
pub use storage::Origin;
