//! The fields that an answer can have, according to the schema that documents it.

use serde_json::{Map, Value};

/// A place in an answer: the objects that can be there. A list counts as its items.
#[derive(Debug, Clone)]
pub(crate) struct KnownFields<'s> {
    objects: Vec<&'s Value>,
    definitions: &'s Map<String, Value>,
}

/// What a name refers to.
pub(super) enum Field<'s> {
    /// Fields with these subfields.
    Known(KnownFields<'s>),
    /// Objects at this place have fields of any name.
    Any,
    /// No object at this place has such a field.
    None,
}

impl<'s> KnownFields<'s> {
    /// Returns what this schema describes; its references point into `definitions`.
    pub(crate) fn new(schema: &'s Value, definitions: &'s Map<String, Value>) -> Self {
        let mut known = Self { objects: Vec::new(), definitions };
        known.add(schema);
        known
    }

    fn add(&mut self, schema: &'s Value) {
        let named = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
        if let Some(definition) = named.and_then(|name| self.definitions.get(name)) {
            return self.add(definition);
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            schema[choice].as_array().into_iter().flatten().for_each(|one| self.add(one));
        }
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.iter().any(|one| one == kind))
        };
        if is("array") {
            self.add(&schema["items"]);
        } else if is("object") {
            self.objects.push(schema);
        }
    }

    /// Returns what a field name refers to in these objects.
    pub(super) fn field(&self, name: &str) -> Field<'s> {
        if self.objects.iter().any(|object| !object["properties"].is_object()) {
            return Field::Any;
        }
        let mut found = self.objects.iter().filter_map(|object| object["properties"].get(name)).peekable();
        if found.peek().is_none() {
            return Field::None;
        }
        let mut known = Self { objects: Vec::new(), definitions: self.definitions };
        found.for_each(|schema| known.add(schema));
        Field::Known(known)
    }

    /// Returns the names of all fields, in order.
    pub(super) fn names(&self) -> Vec<&'s str> {
        let objects = self.objects.iter().filter_map(|object| object["properties"].as_object());
        let mut names: Vec<_> = objects.flat_map(|fields| fields.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
