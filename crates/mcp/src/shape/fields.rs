//! Selects the named parts of an answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    MAX_FIELDS,
    known::{Field, KnownFields},
};

/// Fields that every answer keeps, named or not.
const ALWAYS_KEPT: [&str; 10] =
    ["ok", "requestId", "seq", "epoch", "recovered", "timedOut", "complete", "cursor", "next", "truncated"];

/// Fields and their subfields; a field without any is kept whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// Reads a list of names and dotted paths.
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
        // `task` next to `task.id` means the whole task.
        for path in whole {
            let mut at = &mut root;
            for part in path.split('.') {
                at = at.0.entry(part.to_owned()).or_default();
            }
            at.0.clear();
        }
        Some(root)
    }

    /// Returns what is wrong with the first name that no answer of this kind has.
    pub(super) fn unknown(&self, answer: &KnownFields<'_>) -> Option<String> {
        let mut named = self.0.iter().filter(|(name, _)| !ALWAYS_KEPT.contains(&name.as_str()));
        named.find_map(|(name, inner)| inner.unknown_at(name, name, answer))
    }

    fn unknown_at(&self, path: &str, name: &str, known: &KnownFields<'_>) -> Option<String> {
        match known.field(name) {
            Field::Any => None,
            Field::Known(known) => {
                let mut inner = self.0.iter();
                inner.find_map(|(name, inner)| inner.unknown_at(&format!("{path}.{name}"), name, &known))
            }
            Field::None => {
                let names = known.names();
                let outer = path.strip_suffix(name).and_then(|outer| outer.strip_suffix('.')).unwrap_or("the answer");
                Some(match names.is_empty() {
                    true => format!("there is no {path}: {outer} has no fields"),
                    false => format!("there is no {path}: in {outer} there are {}", names.join(", ")),
                })
            }
        }
    }

    /// Returns the named fields of a reply, and those that every answer has.
    pub(super) fn select(&self, reply: Value) -> Value {
        let Value::Object(fields) = reply else { return reply };
        let (always, rest): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(name, _)| ALWAYS_KEPT.contains(&name.as_str()));
        let Value::Object(kept) = self.apply(rest.into()) else { return always.into() };
        always.into_iter().chain(kept).collect::<Map<_, _>>().into()
    }

    /// Applies the selection to an object, or to each item of a list.
    fn apply(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Object(fields) => {
                let kept = fields.into_iter().filter_map(|(name, value)| {
                    let inner = self.0.get(&name)?.apply(value);
                    Some((name, inner))
                });
                kept.collect::<Map<_, _>>().into()
            }
            Value::Array(values) => values.into_iter().map(|value| self.apply(value)).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let definitions = json!({"Task": {"type": "object", "properties": {
            "id": {"type": "string"}, "title": {"type": "string"}, "lease": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Lease"}]},
            "changes": {"type": "object", "additionalProperties": true},
        }}, "Lease": {"type": "object", "properties": {"fence": {"type": "integer"}}}});
        let answer =
            json!({"type": "object", "properties": {"tasks": {"type": "array", "items": {"$ref": "#/$defs/Task"}}}});
        let known = KnownFields::new(&answer, definitions.as_object().unwrap());
        let unknown = |names: Value| Fields::read(&names).unwrap().unknown(&known);
        assert_eq!(unknown(json!(["tasks", "seq", "cursor"])), None);
        assert_eq!(unknown(json!(["tasks.lease.fence", "tasks.changes.anything.at.all"])), None);
        let says = |names: Value, sentence: &str| assert_eq!(unknown(names).as_deref(), Some(sentence));
        says(json!(["seq", "task"]), "there is no task: in the answer there are tasks");
        says(
            json!(["tasks.id", "tasks.titel"]),
            "there is no tasks.titel: in tasks there are changes, id, lease, title",
        );
        says(json!(["tasks.lease.fense"]), "there is no tasks.lease.fense: in tasks.lease there are fence");
        says(json!(["tasks.title.text"]), "there is no tasks.title.text: tasks.title has no fields");
    }

    #[test]
    fn paths_reach_into_lists() {
        let reply =
            json!({"ok": true, "seq": 3, "board": {"id": "b", "name": "n"}, "tasks": [{"id": "t", "title": "x"}]});
        let select = |names: Value| Fields::read(&names).unwrap().select(reply.clone());
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
