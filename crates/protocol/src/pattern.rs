//! Patterns of event names: at most 64 characters of `a-z`, `:` and `*`, where `*` matches any run of characters and
//! every other character itself. No regular expressions are involved.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::EventKind;

/// A set of kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u64);

impl KindSet {
    /// Every kind.
    pub const ALL: Self = Self(u64::MAX);

    /// Returns whether this kind is in the set.
    #[must_use]
    pub fn contains(self, kind: EventKind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Returns the kinds that are in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<EventKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u32))
    }
}

const _: () = assert!(EventKind::ALL.len() <= 64, "KindSet holds one bit per kind of event");

/// The text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern;

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern is 1 to 64 characters of a-z : *")
    }
}

impl std::error::Error for InvalidPattern {}

/// A pattern. The kinds of event that it matches are determined once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    kinds: KindSet,
}

impl Pattern {
    /// Returns the pattern as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the kinds of event that it matches.
    #[must_use]
    pub fn kinds(&self) -> KindSet {
        self.kinds
    }
}

impl TryFrom<&str> for Pattern {
    type Error = InvalidPattern;
    fn try_from(text: &str) -> Result<Self, InvalidPattern> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b':' || byte == b'*');
        if !fits {
            return Err(InvalidPattern);
        }
        let kinds = EventKind::ALL.iter().copied().filter(|kind| matches(text.as_bytes(), kind.name().as_bytes()));
        Ok(Self { text: text.to_owned(), kinds: kinds.collect() })
    }
}

/// Returns whether the pattern matches the text. On a mismatch only the last `*` is extended, by one character, so that
/// the time is at most proportional to the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, seen));
            at += 1;
        } else if pattern.get(at) == Some(&text[seen]) {
            at += 1;
            seen += 1;
        } else if let Some((star_at, taken)) = star {
            at = star_at + 1;
            seen = taken + 1;
            star = Some((star_at, seen));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?.as_str()).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[a-z:*]{1,64}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} against {text}");
    }

    #[test]
    fn a_star_matches_any_run_of_characters() {
        check("*", "task:created", true);
        check("task:*", "task:created", true);
        check("task:*", "task:comment:added", true);
        check("task:*:added", "task:comment:added", true);
        check("task:*:added", "task:created", false);
        check("board:*", "task:created", false);
        check("task:created", "task:created", true);
        check("task", "task:created", false);
        check("*created", "task:created", true);
        check("**", "x", true);
        check("a*b*c", "aXbXbXc", true);
        check("a*b*c", "aXbXbX", false);
        check("", "", true);
    }

    #[test]
    fn other_characters_are_refused() {
        for wrong in ["", "Task:*", "task.created", "task:(a|b)", "task_x", &"a".repeat(65)] {
            assert_eq!(Pattern::try_from(wrong), Err(InvalidPattern), "{wrong}");
        }
    }

    #[test]
    fn kinds_follow_the_pattern() {
        let pattern = Pattern::try_from("task:*").unwrap();
        for kind in EventKind::ALL {
            assert_eq!(pattern.kinds().contains(*kind), kind.name().starts_with("task:"), "{}", kind.name());
        }
    }
}
