//! Describes the first difference between two JSON values.

use serde_json::Value;

/// Describes the first difference, depth first in key order; `None` if the values are equal.
#[must_use]
pub fn first_difference(left: &Value, right: &Value) -> Option<String> {
    differ("", left, right)
}

fn differ(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let path = format!("{path}/{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differ(&path, a, b),
                    (Some(a), None) => Some(format!("{path}: {a} against nothing")),
                    (None, b) => b.map(|b| format!("{path}: nothing against {b}")),
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| differ(&format!("{path}/{index}"), a, b))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{path}: {a} against {b}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_have_no_difference() {
        assert_eq!(first_difference(&json!({ "a": [1, 2] }), &json!({ "a": [1, 2] })), None);
    }

    #[test]
    fn the_first_difference_is_named_with_its_path() {
        let left = json!({ "tasks": { "t1": { "title": "A" } }, "zone": 1 });
        let right = json!({ "tasks": { "t1": { "title": "B" } }, "zone": 2 });
        assert_eq!(first_difference(&left, &right).as_deref(), Some("/tasks/t1/title: \"A\" against \"B\""));
    }

    #[test]
    fn a_missing_key_is_a_difference() {
        assert_eq!(first_difference(&json!({}), &json!({ "a": 1 })).as_deref(), Some("/a: nothing against 1"));
    }
}
