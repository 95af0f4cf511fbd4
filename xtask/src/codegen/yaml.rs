//! Writes YAML for people to read: block style, unquoted text where that is safe, long texts as literal blocks.
//!
//! Supports only what the generated files need. A parser reads back the same values.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The fields that are written first, in this order; the others follow in alphabetical order.
const FIRST: &[&str] = &["$ref", "action", "channel", "name", "title", "summary", "type", "description"];

/// Words that a parser may read as something other than text.
const AMBIGUOUS_WORDS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Writes a document whose top-level fields are in the given order.
pub(super) fn document(parts: &[(&str, Value)]) -> String {
    let mut text = String::new();
    for (name, value) in parts {
        text.push_str(name);
        text.push(':');
        after_key(&mut text, value, 1);
        text.push('\n');
    }
    text
}

/// Writes a value after a key or a dash; it may continue on the lines below.
fn after_key(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            new_line(text, depth);
            fields(text, object, depth);
        }
        Value::Array(items) if !items.is_empty() => {
            new_line(text, depth);
            list(text, items, depth);
        }
        Value::String(string) if is_literal(string) => {
            text.push_str(" |-");
            for line in string.lines() {
                // An empty line gets no indentation.
                new_line(text, if line.is_empty() { 0 } else { depth });
                text.push_str(line);
            }
        }
        other => {
            text.push(' ');
            text.push_str(&scalar(other));
        }
    }
}

fn fields(text: &mut String, object: &Map<String, Value>, depth: usize) {
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_by(|(one, _), (other, _)| compare_names(one, other));
    for (number, (name, value)) in fields.into_iter().enumerate() {
        if number > 0 {
            new_line(text, depth);
        }
        text.push_str(&string(name));
        text.push(':');
        after_key(text, value, depth + 1);
    }
}

fn list(text: &mut String, items: &[Value], depth: usize) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            new_line(text, depth);
        }
        text.push('-');
        match item {
            Value::Object(object) if !object.is_empty() => {
                text.push(' ');
                fields(text, object, depth + 1);
            }
            other => after_key(text, other, depth + 1),
        }
    }
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

fn compare_names(one: &str, other: &str) -> Ordering {
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    (rank(one), one).cmp(&(rank(other), other))
}

/// Writes a value on one line: as JSON, which is YAML too, except for text that needs no quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let starts_plainly = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '$');
    let is_ambiguous = AMBIGUOUS_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let has_syntax = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    if starts_plainly && !is_ambiguous && !has_syntax && text.chars().all(is_printable) {
        return text.to_owned();
    }
    let quoted = Value::from(text).to_string();
    let escaped = quoted
        .chars()
        .map(|sign| if is_printable(sign) { sign.to_string() } else { format!("\\u{:04x}", u32::from(sign)) });
    escaped.collect()
}

/// Returns whether a text can be written as a literal block.
fn is_literal(text: &str) -> bool {
    let is_plain = |line: &str| line.trim_end() == line && line.chars().all(is_printable);
    text.contains('\n') && !text.ends_with('\n') && !text.starts_with([' ', '\n']) && text.split('\n').all(is_plain)
}

/// Returns whether YAML allows a character unescaped and does not take it for a line break.
fn is_printable(sign: char) -> bool {
    !sign.is_control() && !matches!(sign, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_keep_their_types() {
        let value = json!({
            "plain": "A task: done? No, task:create!", "address": "task:create", "word": "No", "number": "1.0", "date": "2026-01-05",
            "empty": "", "hash": "a #b", "colon": "a:", "control": "a\u{7}\u{85}\tb", "numbers": [1, -2.5, null, true],
            "nothing": {}, "none": [],
        });
        let expected = r##"v:
  address: task:create
  colon: "a:"
  control: "a\u0007\u0085\tb"
  date: "2026-01-05"
  empty: ""
  hash: "a #b"
  none: []
  nothing: {}
  number: "1.0"
  numbers:
    - 1
    - -2.5
    - null
    - true
  plain: "A task: done? No, task:create!"
  word: "No"
"##;
        assert_eq!(document(&[("v", value)]), expected);
    }

    #[test]
    fn lists_and_literal_blocks_are_indented_and_fields_ordered() {
        let items = json!([{ "type": "string", "enum": ["a"], "$ref": "#/x" }, [[1], {}], "One\n\n  two", "ends\n"]);
        let expected = "items:
  - $ref: \"#/x\"
    type: string
    enum:
      - a
  -
    -
      - 1
    - {}
  - |-
    One

      two
  - \"ends\\n\"
";
        assert_eq!(document(&[("items", items)]), expected);
    }
}
