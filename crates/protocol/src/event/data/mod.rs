//! The data of each event, in a module for each kind of thing that the events are about.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields that changed, by the entity's field names, with their new values.
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
