//! The payload and the result of each command, one module for each kind of thing they act on. Unknown fields are
//! refused, so that a misspelt one is an error and not a change that silently does nothing. Payloads are written in
//! camelCase; what holds an entity's own fields keeps their snake_case.

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
pub mod dependency;
pub mod lease;
pub mod listing;
pub mod notification;
pub mod presence;
pub mod session;
pub mod task;
