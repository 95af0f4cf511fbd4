//! Replaces what differs from run to run, so that the rest of a value can be compared as a whole: with placeholders by
//! [`redact`], with stand-ins that look real by [`stand_ins`]. Chosen ids and positions stay.

use serde_json::Value;

/// A part of a message that differs from run to run.
#[derive(Clone, Copy)]
enum Volatile {
    Id,
    SocketId,
    Token,
    Epoch,
    Instant,
}

impl Volatile {
    /// Returns what kind of volatile part the text of this field is, if it is one.
    fn of(field: &str, text: &str) -> Option<Self> {
        match field {
            "socketId" => Some(Self::SocketId),
            "token" => Some(Self::Token),
            "epoch" => Some(Self::Epoch),
            "subscriptionId" => Some(Self::Id),
            _ if is_uuid(text) => Some(Self::Id),
            _ if is_instant(text) => Some(Self::Instant),
            _ => None,
        }
    }
}

/// Replaces generated ids by `[id]`, instants by `[time]`, epochs by `[epoch]` and tokens by `[token]`.
#[must_use]
pub fn redact(value: &Value) -> Value {
    replace(value, "", &mut |volatile, _| {
        let placeholder = match volatile {
            Volatile::Id | Volatile::SocketId => "[id]",
            Volatile::Token => "[token]",
            Volatile::Epoch => "[epoch]",
            Volatile::Instant => "[time]",
        };
        placeholder.to_owned()
    })
}

/// Replaces the same parts by values of the same form that are always the same. Generated ids and epochs are numbered
/// in the order in which they first occur, so that it still shows which of them are equal.
#[must_use]
pub fn stand_ins(value: &Value) -> Value {
    let mut ids: Vec<String> = Vec::new();
    replace(value, "", &mut |volatile, text| match volatile {
        Volatile::Id | Volatile::Epoch => {
            let index = ids.iter().position(|known| known == text).unwrap_or_else(|| {
                ids.push(text.to_owned());
                ids.len() - 1
            });
            format!("01980000-0000-7000-8000-{:012}", index + 1)
        }
        Volatile::SocketId => "u9GkqGcz7YbQdLwTAAAB".to_owned(),
        Volatile::Token => "eyJhbGciOiJIUzI1NiJ9.…".to_owned(),
        Volatile::Instant => "2026-01-05T09:00:00.000Z".to_owned(),
    })
}

/// Replaces each volatile part of this field's value by what `replacement` returns for it.
fn replace(value: &Value, field: &str, replacement: &mut impl FnMut(Volatile, &str) -> String) -> Value {
    match value {
        Value::String(text) => match Volatile::of(field, text) {
            Some(volatile) => replacement(volatile, text).into(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| replace(item, field, replacement)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(field, value)| (field.clone(), replace(value, field, replacement))).collect()
        }
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
    fn ids_and_instants_are_replaced_and_the_rest_stays() {
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

    #[test]
    fn stand_ins_show_which_ids_are_equal() {
        let (first, second) = ("0198c5a2-7b1e-7000-8000-0123456789ab", "0198c5a2-7b1e-7000-8000-0123456789ac");
        let value = json!({ "ids": [second, first, second], "at": "2026-08-01T10:20:30.123Z", "board_id": "launch" });
        let (one, two) = ("01980000-0000-7000-8000-000000000001", "01980000-0000-7000-8000-000000000002");
        let expected = json!({ "ids": [one, two, one], "at": "2026-01-05T09:00:00.000Z", "board_id": "launch" });
        assert_eq!(stand_ins(&value), expected);
    }
}
