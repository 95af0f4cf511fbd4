//! The parts of an answer that were named.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::MAX_FIELDS;

/// What is part of every answer, named or not.
const ALWAYS: [&str; 8] = ["ok", "requestId", "seq", "epoch", "recovered", "timedOut", "complete", "cursor"];

/// Fields and the fields in them; without any in it, a field is kept whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// From a list of names and dotted paths.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let names = value.as_array().filter(|names| (1..=MAX_FIELDS).contains(&names.len()))?;
        let mut root = Self::default();
        let mut whole = Vec::new();
        for name in names {
            let path = name.as_str().filter(|path| (1..=128).contains(&path.len()))?;
            let mut at = &mut root;
            for part in path.split('.') {
                if part.is_empty() {
                    return None;
                }
                at = at.0.entry(part.to_owned()).or_default();
            }
            whole.push(path);
        }
        // `task` beside `task.id` means all of the task.
        for path in whole {
            let mut at = &mut root;
            for part in path.split('.') {
                at = at.0.entry(part.to_owned()).or_default();
            }
            at.0.clear();
        }
        Some(root)
    }

    pub(super) fn of_reply(&self, reply: Value) -> Value {
        let Value::Object(fields) = reply else { return reply };
        let (always, rest): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(name, _)| ALWAYS.contains(&name.as_str()));
        let Value::Object(kept) = self.of(rest.into()) else { return always.into() };
        always.into_iter().chain(kept).collect::<Map<_, _>>().into()
    }

    /// Lists are looked through.
    fn of(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Object(fields) => {
                let kept = fields.into_iter().filter_map(|(name, value)| {
                    let inner = self.0.get(&name)?.of(value);
                    Some((name, inner))
                });
                kept.collect::<Map<_, _>>().into()
            }
            Value::Array(values) => values.into_iter().map(|value| self.of(value)).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_reach_into_lists() {
        let reply =
            json!({"ok": true, "seq": 3, "board": {"id": "b", "name": "n"}, "tasks": [{"id": "t", "title": "x"}]});
        let select = |names: Value| Fields::read(&names).unwrap().of_reply(reply.clone());
        assert_eq!(select(json!(["tasks.id"])), json!({"ok": true, "seq": 3, "tasks": [{"id": "t"}]}));
        assert_eq!(
            select(json!(["board.id", "board"])),
            json!({"ok": true, "seq": 3, "board": {"id": "b", "name": "n"}})
        );
        assert_eq!(select(json!(["nothing"])), json!({"ok": true, "seq": 3}));
        for wrong in [json!([]), json!("seq"), json!([""]), json!(["a..b"]), json!([1])] {
            assert!(Fields::read(&wrong).is_none(), "{wrong}");
        }
    }
}
