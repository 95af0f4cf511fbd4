//! The shape of an answer: which fields, and how many bytes.

mod budget;
mod fields;
mod known;

use boardwire_protocol::ErrorBody;
use serde_json::{Map, Value};

use crate::problem::invalid;
use fields::Fields;
pub(crate) use known::KnownFields;

/// The smallest size that may be asked for, in bytes.
pub(crate) const MIN_BYTES: usize = 512;
/// The largest size that may be asked for, in bytes.
pub(crate) const MAX_BYTES: usize = 262_144;
/// The size where none is asked for, in bytes.
pub(crate) const DEFAULT_BYTES: usize = 16_384;
/// The most fields that may be named.
pub(crate) const MAX_FIELDS: usize = 64;

/// The wanted shape of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    fields: Option<Fields>,
    max_bytes: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self::bytes(DEFAULT_BYTES)
    }
}

impl Shape {
    /// Returns the shape of all fields in at most `max_bytes`.
    pub(crate) fn bytes(max_bytes: usize) -> Self {
        Self { fields: None, max_bytes }
    }

    /// Removes the shape from the arguments of a tool and returns it. `known` are the fields that its answers can have.
    ///
    /// # Errors
    /// An argument is invalid.
    pub(crate) fn take(arguments: &mut Map<String, Value>, known: &KnownFields<'_>) -> Result<Self, ErrorBody> {
        let max_bytes = match arguments.remove("maxBytes") {
            None | Some(Value::Null) => DEFAULT_BYTES,
            Some(value) => value
                .as_u64()
                .and_then(|bytes| usize::try_from(bytes).ok())
                .filter(|bytes| (MIN_BYTES..=MAX_BYTES).contains(bytes))
                .ok_or_else(|| invalid("maxBytes", &format!("a number from {MIN_BYTES} to {MAX_BYTES}")))?,
        };
        let fields = match arguments.remove("fields") {
            None | Some(Value::Null) => None,
            Some(value) => Some(Fields::read(&value).ok_or_else(|| {
                invalid("fields", &format!("1 to {MAX_FIELDS} names or dotted paths of at most 128 characters"))
            })?),
        };
        if let Some(unknown) = fields.as_ref().and_then(|fields| fields.unknown(known)) {
            return Err(invalid("fields", &unknown));
        }
        Ok(Self { fields, max_bytes })
    }

    /// Returns the answer with the wanted fields, within the wanted size.
    pub(crate) fn apply(&self, reply: Value) -> Value {
        self.fit(self.select(reply))
    }

    /// Returns the answer with the wanted fields.
    pub(crate) fn select(&self, reply: Value) -> Value {
        match &self.fields {
            None => reply,
            Some(fields) => fields.select(reply),
        }
    }

    /// Returns the answer, shortened to the wanted size, without selecting fields. The ends of texts and lists are left
    /// out first, whole fields only if that is not enough.
    pub(crate) fn fit(&self, reply: Value) -> Value {
        budget::fit(reply, self.max_bytes)
    }
}
