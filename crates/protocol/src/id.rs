//! Identifiers. Each kind has a type of its own, so that a task's id can't be passed for a board's.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// An id that breaks the rule: 1–64 characters of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 1 to 64 characters of A-Z a-z 0-9 _ -")
    }
}

impl std::error::Error for InvalidId {}

fn check(text: &str) -> Result<(), InvalidId> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    fits.then_some(()).ok_or(InvalidId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;
            fn try_from(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl From<Uuid> for $name {
            /// Makes an id from a UUID, whose text is always a valid id.
            fn from(uuid: Uuid) -> Self {
                Self((*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::try_from(text.as_str()).map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"})
            }
        }
    )*};
}

ids! {
    /// The id of a board.
    BoardId;
    /// The id of a column.
    ColumnId;
    /// The id of a task.
    TaskId;
    /// The id of a comment.
    CommentId;
    /// The id of an attachment.
    AttachmentId;
    /// The id of a notification.
    NotificationId;
    /// The id of a user: a person or an agent.
    UserId;
    /// The id of a team.
    TeamId;
    /// The id of a subscription.
    SubscriptionId;
    /// The id of an event, unique over all boards.
    EventId;
    /// Identifies one numbering of a board's events. It changes when `seq` may have started over, as after restoring a
    /// backup.
    Epoch;
}

/// A client's id for one of its requests, so that sending the request twice has one effect: 1–64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for RequestId {
    type Error = &'static str;
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        if !(1..=64).contains(&text.chars().count()) || text.contains(char::is_control) {
            return Err("a request id is 1 to 64 characters, none of them a control character");
        }
        Ok(Self(text.into()))
    }
}

/// The number of an event in its board's log: 1, 2, 3, … with no hole and no repeat. 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Seq(pub u64);

impl Seq {
    /// Returns the number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_plain() {
        assert!(TaskId::try_from("a-B_9").is_ok());
        for wrong in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert_eq!(TaskId::try_from(wrong), Err(InvalidId), "{wrong}");
        }
    }

    #[test]
    fn a_uuid_is_an_id() {
        for uuid in [Uuid::nil(), Uuid::max()] {
            assert_eq!(TaskId::try_from(uuid.to_string().as_str()), Ok(TaskId::from(uuid)));
        }
    }

    #[test]
    fn request_ids_may_hold_anything_printable() {
        assert!(RequestId::try_from("bestellung #1 – ä").is_ok());
        assert!(RequestId::try_from("a\nb").is_err());
        assert!(RequestId::try_from("x".repeat(65).as_str()).is_err());
    }
}
