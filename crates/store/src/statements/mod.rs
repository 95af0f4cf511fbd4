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

/// A statement that takes its rows from `$1`, a JSON list of lists: between the two pieces they stand as `item`, whose
/// fields are `item.value ->> 0` and so on, text or NULL.
macro_rules! of_rows {
    ($name:literal, $before:expr, $after:expr) => {
        $crate::connection::Statement::with_dialects(
            $name,
            concat!($before, " json_each($1) AS item ", $after),
            concat!($before, " json_array_elements(CAST($1 AS json)) AS item(value) ", $after),
        )
    };
}
use of_rows;

/// JSON text of a list or map, as it is kept.
pub(crate) fn json(value: &impl Serialize) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| broken("writing JSON", error))
}
