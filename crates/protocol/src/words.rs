//! Rewrites the decoder's messages, which use Rust's terms ("invalid type: sequence, expected i64"), in plain words.
//! Other messages, such as those of this crate's own types, stay as they are.

use serde_json::error::Category;

use crate::Violation;

impl Violation {
    /// Returns what could not be decoded, and where it is.
    #[must_use]
    pub fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let parent = error.path().to_string();
        let parent = if parent == "." { String::new() } else { parent };
        let inner = error.inner();
        if inner.classify() != Category::Data {
            let message = format!("the body is no valid JSON (line {}, column {})", inner.line(), inner.column());
            return Self { path: String::new(), message };
        }
        let text = inner.to_string();
        // A message about a value that was read from text ends with line and column; the path is more useful.
        let suffix = format!(" at line {} column {}", inner.line(), inner.column());
        let text = text.strip_suffix(&suffix).unwrap_or(&text);
        match text.strip_prefix("missing field ").and_then(quoted) {
            // The decoder's path is that of the parent.
            Some(field) if parent.is_empty() => Self { path: field.to_owned(), message: "is missing".to_owned() },
            Some(field) => Self { path: format!("{parent}.{field}"), message: "is missing".to_owned() },
            None => Self { path: parent, message: in_plain_words(text) },
        }
    }
}

/// Returns the name at the beginning of a text, between backquotes.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('`')?.split('`').next()
}

/// Returns a message of the decoder in plain words.
fn in_plain_words(text: &str) -> String {
    let found_and_expected = |prefix: &str| text.strip_prefix(prefix)?.rsplit_once(", expected ");
    if let Some((found, expected)) = found_and_expected("invalid type: ") {
        return format!("must be {}, and is {}", describe_expected(expected), describe_found(found));
    }
    if let Some((found, expected)) = found_and_expected("invalid value: ") {
        return match found.strip_prefix("integer ").and_then(quoted) {
            Some(number) if number.starts_with('-') => "must not be negative".to_owned(),
            Some(number) => format!("{number} is too large"),
            None => format!("must be {}, and is {}", describe_expected(expected), describe_found(found)),
        };
    }
    if let Some((_, expected)) = found_and_expected("invalid length ") {
        return format!("must be {}", describe_expected(expected));
    }
    if text.starts_with("unknown field ") {
        return format!(
            "there is no such field{}",
            names(text).map_or(String::new(), |names| format!("; there are {names}"))
        );
    }
    if text.starts_with("unknown variant ") {
        return names(text).map_or("is not known".to_owned(), |names| format!("must be one of {names}"));
    }
    match text.strip_prefix("duplicate field ").and_then(quoted) {
        Some(field) => format!("{field} is given twice"),
        None => text.to_owned(),
    }
}

/// Returns the names after `expected`, as a list.
fn names(text: &str) -> Option<String> {
    let (_, expected) = text.rsplit_once(", expected ")?;
    let names: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns plain words for what the decoder expected.
fn describe_expected(expected: &str) -> &str {
    let first = expected.split(' ').next().unwrap_or_default();
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" | "sequence" => "a list",
        "a map" | "map" => "an object",
        "a boolean" => "true or false",
        "string or map" | "a str" | "str" | "variant identifier" => "a string",
        "unit" | "null" => "null",
        _ if first == "struct" => "an object",
        _ if first == "enum" => "a string",
        _ if first == "tuple" => "a list",
        _ => expected,
    }
}

/// Returns plain words for what the decoder found. A string is not quoted: it may be long.
fn describe_found(found: &str) -> String {
    let first = found.split(' ').next().unwrap_or_default();
    match first {
        "string" | "character" => "a string".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        "null" | "unit" | "Option" => "null".to_owned(),
        "boolean" | "integer" | "floating" => found.split('`').nth(1).unwrap_or("another value").to_owned(),
        _ => "something else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Patch, Status};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are tested")]
    struct Shape {
        text: String,
        #[serde(default)]
        count: Option<u32>,
        #[serde(default)]
        signed: Option<i64>,
        #[serde(default)]
        float: Option<f64>,
        #[serde(default)]
        flag: Option<bool>,
        #[serde(default)]
        list: Option<Vec<String>>,
        #[serde(default)]
        status: Option<Status>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        patch: Patch<u64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are tested")]
    struct Inner {
        one: u8,
    }

    fn violation(json: &str) -> (String, String) {
        let mut source = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Shape>(&mut source).expect_err("it was decoded");
        let Violation { path, message } = Violation::of(&error);
        (path, message)
    }

    #[test]
    fn messages_say_what_is_wrong_in_plain_words() {
        for (json, path, message) in [
            (r#"{}"#, "text", "is missing"),
            (r#"{"text": "", "inner": {}}"#, "inner.one", "is missing"),
            (r#"{"text": 7}"#, "text", "must be a string, and is 7"),
            (r#"{"text": null}"#, "text", "must be a string, and is null"),
            (r#"{"text": ["a"]}"#, "text", "must be a string, and is a list"),
            (r#"{"text": {"a": 1}}"#, "text", "must be a string, and is an object"),
            (r#"{"text": "", "count": "x, expected y"}"#, "count", "must be a whole number, and is a string"),
            (r#"{"text": "", "count": 1.5}"#, "count", "must be a whole number, and is 1.5"),
            (r#"{"text": "", "count": -1}"#, "count", "must not be negative"),
            (r#"{"text": "", "count": 4294967296}"#, "count", "4294967296 is too large"),
            (r#"{"text": "", "signed": true}"#, "signed", "must be a whole number, and is true"),
            (r#"{"text": "", "float": "1"}"#, "float", "must be a number, and is a string"),
            (r#"{"text": "", "flag": 1}"#, "flag", "must be true or false, and is 1"),
            (r#"{"text": "", "list": "a"}"#, "list", "must be a list, and is a string"),
            (r#"{"text": "", "list": ["a", 3]}"#, "list[1]", "must be a string, and is 3"),
            (r#"{"text": "", "status": "finished"}"#, "status", "must be one of todo, in_progress, blocked, done"),
            (r#"{"text": "", "inner": 5}"#, "inner", "must be an object, and is 5"),
            (r#"{"text": "", "patch": []}"#, "patch", "must be a whole number, and is a list"),
            (r#"{"text": "", "inner": {"two": 2}}"#, "inner.two", "there is no such field; there are one"),
        ] {
            assert_eq!(violation(json), (path.to_owned(), message.to_owned()), "{json}");
        }
        assert_eq!(violation(r#"{"text": "", "text": ""}"#).1, "text is given twice");
        for json in ["nonsense", "{", r#"{"text": "#, r#"{"text": "a",}"#] {
            let (path, message) = violation(json);
            assert!(message.starts_with("the body is no valid JSON (line 1, column "), "{json}: {message}");
            assert_eq!(path, "", "{json}");
        }
    }
}
