//! Events: their list, their data and the envelope in which they travel.

#[macro_use]
mod macros;

pub mod data;
mod envelope;
mod ephemeral;
mod list;

pub use envelope::{EncodedEnvelope, Envelope, EnvelopeMeta};
pub use ephemeral::{ConnectedUser, Limits};
pub use list::{Ephemeral, Event, EventKind};
