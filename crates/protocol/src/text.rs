//! Text within bounds, which are checked when a value is made. Text is kept and sent as given; no markup is interpreted
//! here or elsewhere on the server.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The text is outside its bounds. `Display` says which bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidText(String);

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidText {}

/// The pattern of a text, for schemas.
#[cfg(feature = "schema")]
const NO_NUL: &str = r"^[^\u0000]*$";
/// The pattern of a text that is not blank, for schemas.
#[cfg(feature = "schema")]
const NOT_BLANK: &str = r"^[^\u0000]*[^\u0000\s][^\u0000]*$";

/// Returns whether a character is not visible by itself but changes how the text around it is read: control characters,
/// those that change the direction of writing (such as U+202E), line separators, and invisible ones that can hide a
/// text. The joiners U+200C and U+200D are not among them: some scripts, and many emoji, need them.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident { min: $min:literal, max: $max:literal };)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            /// Returns the text as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text as given.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(text: String) -> Result<Self, InvalidText> {
                let count = text.chars().count();
                if count > $max {
                    return Err(InvalidText(format!("at most {} characters, got {count}", $max)));
                }
                if $min > 0 && text.trim().is_empty() {
                    return Err(InvalidText("must not be empty".to_owned()));
                }
                if text.contains('\0') {
                    return Err(InvalidText("must not hold the NUL character".to_owned()));
                }
                Ok(Self(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
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
                let pattern = if $min > 0 { NOT_BLANK } else { NO_NUL };
                schemars::json_schema!({"type": "string", "minLength": $min, "maxLength": $max, "pattern": pattern})
            }
        }
    )*};
}

texts! {
    /// A task's title, or the name of a board or column: not blank, at most 500 characters.
    Title { min: 1, max: 500 };
    /// A description: at most 20,000 characters.
    LongText { min: 0, max: 20_000 };
    /// A comment or a message: not blank, at most 20,000 characters.
    Body { min: 1, max: 20_000 };
    /// The name of a file: not blank, at most 255 characters.
    FileName { min: 1, max: 255 };
    /// A colour as the client writes it, such as `#4f46e5`: at most 32 characters.
    Color { min: 1, max: 32 };
    /// One label of a task: at most 64 characters.
    Tag { min: 1, max: 64 };
    /// What an agent calls itself: not blank, at most 100 characters.
    AgentName { min: 1, max: 100 };
    /// The cursor of a list's next page, as the page before it returned it: at most 200 characters.
    CursorText { min: 1, max: 200 };
}

/// The labels of a task: at most 50, each 1–64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Tags(#[cfg_attr(feature = "schema", schemars(length(max = 50)))] Vec<Tag>);

impl Tags {
    /// Returns the labels in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Tag::as_str)
    }

    /// Returns the labels as text, in the order given.
    #[must_use]
    pub fn into_strings(self) -> Vec<String> {
        self.0.into_iter().map(Tag::into_string).collect()
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tags = Vec::<Tag>::deserialize(deserializer)?;
        if tags.len() > 50 {
            return Err(serde::de::Error::custom(format_args!("at most 50 tags, got {}", tags.len())));
        }
        Ok(Self(tags))
    }
}

/// The text of a search: 1 to 200 characters of any kind, of which only the words count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchText(String);

impl SearchText {
    /// Returns the text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SearchText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.chars().count() {
            1..=200 => Ok(Self(text)),
            count => Err(serde::de::Error::custom(format_args!("1 to 200 characters, got {count}"))),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SearchText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SearchText".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "minLength": 1, "maxLength": 200})
    }
}

/// When a task is due: a date (`2026-08-31`) or an instant (RFC 3339, `2026-08-31T17:00:00Z`), kept as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueDate(String);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for DueDate {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DueDate".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let days = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9])|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)";
        let time = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
        schemars::json_schema!({"type": "string", "pattern": format!("^[0-9]{{4}}-{days}({time})?$")})
    }
}

impl DueDate {
    /// Returns the text as given.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for DueDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = match text.len() {
            10 => text.parse::<jiff::civil::Date>().is_ok(),
            11..=40 => text.parse::<jiff::Timestamp>().is_ok(),
            _ => false,
        };
        if !fits {
            return Err(serde::de::Error::custom(
                "must be a date (2026-08-31) or an RFC 3339 instant (2026-08-31T17:00:00Z)",
            ));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn values_out_of_bounds_are_refused() {
        assert!(from_value::<Title>(json!("x".repeat(500))).is_ok());
        assert!(from_value::<Title>(json!("x".repeat(501))).is_err());
        assert!(from_value::<Title>(json!("  ")).is_err());
        assert!(from_value::<Title>(json!("a\0b")).is_err());
        assert!(from_value::<Tags>(json!(vec!["t"; 51])).is_err());
        assert!(from_value::<DueDate>(json!("2026-02-30")).is_err());
        assert!(from_value::<DueDate>(json!("2026-02-28")).is_ok());
        assert!(from_value::<DueDate>(json!("2026-02-28T10:00:00+01:00")).is_ok());
        assert!(from_value::<DueDate>(json!("tomorrow")).is_err());
    }
}
