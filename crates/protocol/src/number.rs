//! Numbers within bounds. The bounds are checked when a value is decoded.

use serde::{Deserialize, Deserializer, Serialize};

/// How urgent a task is: 0 (not at all) to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Priority(u8);

impl Priority {
    /// Returns the number, 0 to 10.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            number @ 0..=10 => Ok(Self(number as u8)),
            other => Err(serde::de::Error::custom(format_args!("a priority is 0 to 10, got {other}"))),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Priority {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Priority".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": 0, "maximum": 10})
    }
}

/// How long a lease lasts: 1 to 3,600 seconds, 300 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ttl(u16);

impl Ttl {
    /// Returns the time in milliseconds.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        i64::from(self.0) * 1000
    }
}

impl Default for Ttl {
    fn default() -> Self {
        Self(300)
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            number @ 1..=3_600 => Ok(Self(number as u16)),
            other => Err(serde::de::Error::custom(format_args!("a lease lasts 1 to 3600 seconds, got {other}"))),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Ttl {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ttl".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": 1, "maximum": 3600, "default": 300})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn values_out_of_bounds_are_refused() {
        assert!(from_value::<Priority>(json!(10)).is_ok());
        assert!(from_value::<Priority>(json!(11)).is_err());
        assert!(from_value::<Priority>(json!(-1)).is_err());
        assert!(from_value::<Ttl>(json!(1)).is_ok());
        assert!(from_value::<Ttl>(json!(3_600)).is_ok());
        assert!(from_value::<Ttl>(json!(0)).is_err());
        assert!(from_value::<Ttl>(json!(3_601)).is_err());
        assert!(from_value::<Ttl>(json!(1.5)).is_err());
    }
}
