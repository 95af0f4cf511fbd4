//! Reading JSON Schemas: what the generated files need to know of them.

use serde_json::{Map, Value};

/// One field of an object.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Value,
    pub(crate) required: bool,
}

/// Returns the fields of an object, required ones first, each kind in alphabetical order.
pub(crate) fn fields(schema: &Value) -> Vec<Field<'_>> {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<_> =
        properties.map(|(name, schema)| Field { name, schema, required: is_required(name) }).collect();
    fields.sort_by_key(|field| (!field.required, field.name));
    fields
}

/// Returns the definition that a schema refers to, or the schema itself.
pub(crate) fn resolve<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    reference(schema).and_then(|name| definitions.get(name)).unwrap_or(schema)
}

/// Returns the name of the definition that a schema refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// Returns a schema's description on one line.
pub(crate) fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the strings that an enumeration allows.
pub(crate) fn constants(schema: &Value) -> Option<Vec<&str>> {
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::as_str).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|one| one["const"].as_str()).collect()
}

/// Returns the TypeScript type of a schema; nested objects are written inline.
pub(crate) fn type_of(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return name.to_owned();
    }
    if let Some(values) = constants(schema) {
        return values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(" | ");
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().map(type_of).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(kind) => simple_type(kind, schema),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(|kind| simple_type(kind, schema)).collect::<Vec<_>>().join(" | ")
        }
        _ => "unknown".to_owned(),
    }
}

fn simple_type(kind: &str, schema: &Value) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let item = type_of(&schema["items"]);
            if item.contains(' ') { format!("({item})[]") } else { format!("{item}[]") }
        }
        "object" if schema["properties"].is_object() => {
            let fields = fields(schema);
            let fields = fields.iter().map(|field| {
                let mark = if field.required { "" } else { "?" };
                format!("{}{mark}: {}", field.name, type_of(field.schema))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join("; "))
        }
        "object" if schema["additionalProperties"] == Value::Bool(false) => "Record<string, never>".to_owned(),
        "object" => "Record<string, unknown>".to_owned(),
        other => other.to_owned(),
    }
}

/// Describes the bounds of a schema that its type does not show.
pub(crate) fn bounds(schema: &Value) -> String {
    let number = |name: &str| schema[name].as_u64();
    let mut bounds = Vec::new();
    match (number("minLength"), number("maxLength")) {
        (Some(0) | None, Some(max)) => bounds.push(format!("at most {max} characters")),
        (Some(min), Some(max)) => bounds.push(format!("{min}–{max} characters")),
        _ => {}
    }
    match (number("minItems"), number("maxItems")) {
        (Some(0) | None, Some(max)) => bounds.push(format!("at most {max} items")),
        (Some(min), Some(max)) => bounds.push(format!("{min}–{max} items")),
        _ => {}
    }
    if let (Some(min), Some(max)) = (number("minimum"), number("maximum")) {
        bounds.push(format!("{min} to {max}"));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        bounds.push(format!("`{pattern}`"));
    }
    bounds.join(", ")
}
