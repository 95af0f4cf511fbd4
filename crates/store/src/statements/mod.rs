//! The statements, by table. Each function is one statement on one connection, whichever transaction that is in.

pub(crate) mod account;
pub(crate) mod attachment;
pub(crate) mod board;
pub(crate) mod column;
pub(crate) mod comment;
pub(crate) mod dependency;
pub(crate) mod event;
pub(crate) mod lease;
pub(crate) mod listing;
pub(crate) mod member;
pub(crate) mod notification;
pub(crate) mod request;
pub(crate) mod task;
pub(crate) mod user;
pub(crate) mod words;

use boardwire_services::storage::Stored;
use serde::Serialize;

use crate::error::broken;

/// JSON text of a list or map, as it is kept.
fn json(value: &impl Serialize) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| broken("writing JSON", error))
}
