//! The payload and the result of each command, in a module for each kind of thing that the commands act on. Unknown
//! fields are errors, so that a misspelt field is not silently ignored. Payloads are in camelCase, except `due_date`,
//! `team_id` and `wip_limit`; objects with an entity's own fields are in snake_case.

macro_rules! payloads {
    ($($case:literal: $item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(rename_all = $case, deny_unknown_fields)]
        $item
    )*};
}

macro_rules! results {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(rename_all = "camelCase")]
        $item
    )*};
}

pub mod attachment;
pub mod board;
pub mod column;
pub mod comment;
pub mod connection;
pub mod dependency;
pub mod lease;
pub mod listing;
pub mod notification;
pub mod presence;
pub mod task;
