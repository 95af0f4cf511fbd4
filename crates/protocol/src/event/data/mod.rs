//! The data of each event, one module for each kind of thing they tell of.

use std::collections::BTreeMap;

use serde_json::Value;

/// What really changed: each field's new value, by the entity's field names.
pub type Changes = BTreeMap<&'static str, Value>;

macro_rules! data {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        $item
    )*};
}

mod board;
mod company;
mod connection;
mod task;

pub use board::*;
pub use company::*;
pub use connection::*;
pub use task::*;
