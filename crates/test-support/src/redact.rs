//! Removes from a value what differs from run to run, so that the rest can be compared as a whole.

use serde_json::Value;

/// Replaces generated ids by `[id]`, instants by `[time]` and a board's epoch by `[epoch]`. Chosen ids and positions
/// stay.
#[must_use]
pub fn redact(value: &Value) -> Value {
    match value {
        Value::String(text) if is_uuid(text) => "[id]".into(),
        Value::String(text) if is_instant(text) => "[time]".into(),
        Value::Array(items) => items.iter().map(redact).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match key.as_str() {
                "socketId" | "subscriptionId" if value.is_string() => (key.clone(), "[id]".into()),
                "epoch" if !value.is_null() => (key.clone(), "[epoch]".into()),
                _ => (key.clone(), redact(value)),
            })
            .collect(),
        other => other.clone(),
    }
}

/// Returns whether the text has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(index, letter)| match index {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

/// Returns whether the text has the form of an RFC 3339 instant in UTC with milliseconds: `2026-08-01T10:20:30.123Z`.
fn is_instant(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00:00.000Z";
    text.len() == FORM.len()
        && text.chars().zip(FORM.chars()).all(|(letter, form)| match form {
            '0' => letter.is_ascii_digit(),
            fixed => letter == fixed,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_and_instants_go_and_the_rest_stays() {
        let value = json!({
            "id": "0198c5a2-7b1e-7000-8000-0123456789ab", "board_id": "launch", "position": "a0", "epoch": "x9",
            "created_at": "2026-08-01T10:20:30.123Z", "due_date": "2026-08-01", "tags": ["2026-08-01T10:20:30Z"],
        });
        let expected = json!({
            "id": "[id]", "board_id": "launch", "position": "a0", "epoch": "[epoch]",
            "created_at": "[time]", "due_date": "2026-08-01", "tags": ["2026-08-01T10:20:30Z"],
        });
        assert_eq!(redact(&value), expected);
    }
}
