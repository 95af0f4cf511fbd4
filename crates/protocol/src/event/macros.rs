//! The macros that declare events.

/// Declares structs with data of events.
macro_rules! event_data {
    ($($item:item)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        $item
    )*};
}

/// Returns a field of an event's data, or `None` if the list names no field.
macro_rules! field {
    ($type:ty, $data:ident) => {{
        let _ = $data;
        None
    }};
    ($type:ty, $data:ident, $($field:ident).+) => { Option::<&$type>::from(&$data.$($field).+) };
}

/// Declares all events. Each durable event is listed with its data. `task =` names the field of the data with the task
/// that the event concerns, and `subject =` the field with the user that the event is about.
macro_rules! events {
    (
        durable { $(
            $(#[doc = $doc:literal])+
            $name:literal => $variant:ident { $($fields:tt)* }
                $(, task = $($task:ident).+)? $(, subject = $($subject:ident).+)?;
        )* }
        ephemeral { $($(#[doc = $edoc:literal])+ $ename:literal => $evariant:ident($edata:ty);)* }
    ) => {
        /// The data of durable events.
        pub(super) mod durable {
            use super::*;

            event_data! { $(
                #[doc = concat!("`", $name, "`.")]
                pub struct $variant { $($fields)* }
            )* }
        }

        /// An event without its data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum EventKind { $($(#[doc = $doc])+ $variant,)* $($(#[doc = $edoc])+ $evariant,)* }

        impl EventKind {
            /// All events, durable ones first, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* $(Self::$evariant,)*];

            /// Returns the name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* $(Self::$evariant => $ename,)* }
            }

            /// Returns the event with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* $($ename => Some(Self::$evariant),)* _ => None }
            }

            /// Returns whether it is in a board's log, with a `seq`.
            #[must_use]
            pub fn is_durable(self) -> bool {
                matches!(self, $(Self::$variant)|*)
            }

            /// Returns a sentence that says when it is sent.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)* $(Self::$evariant => concat!($($edoc),+),)* }
            }

            /// Returns the JSON Schema of its data.
            #[cfg(feature = "schema")]
            pub fn schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self {
                    $(Self::$variant => generator.subschema_for::<durable::$variant>(),)*
                    $(Self::$evariant => generator.subschema_for::<$edata>(),)*
                }
            }
        }

        /// A durable event: a change of a board.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Event { $($(#[doc = $doc])+ $variant(durable::$variant),)* }

        impl Event {
            /// Returns which event it is.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self { $(Self::$variant(_) => EventKind::$variant,)* }
            }

            /// Returns the task that it concerns.
            #[must_use]
            pub fn task_id(&self) -> Option<&TaskId> {
                match self { $(Self::$variant(data) => field!(TaskId, data $(, $($task).+)?),)* }
            }

            /// Returns the user that it is about, such as a new member.
            #[must_use]
            pub fn subject(&self) -> Option<&UserId> {
                match self { $(Self::$variant(data) => field!(UserId, data $(, $($subject).+)?),)* }
            }
        }

        /// An ephemeral event, which is not stored.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Ephemeral { $($(#[doc = $edoc])+ $evariant($edata),)* }

        impl Ephemeral {
            /// Returns which event it is.
            #[must_use]
            pub fn kind(&self) -> EventKind {
                match self { $(Self::$evariant(_) => EventKind::$evariant,)* }
            }
        }
    };
}
