//! Turns a request into the payload of a command.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use axum::extract::{FromRequest as _, Request};
use boardwire_protocol::{CommandKind, schema::schemas};
use http::header;
use serde_json::{Map, Number, Value};

use super::{Fields, Route};
use crate::{body::Json, problem::Problem};

/// The JSON type of a field, for values that arrive as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Boolean,
    List,
}

/// The fields of each command's payload.
static PAYLOADS: LazyLock<HashMap<CommandKind, BTreeMap<String, Kind>>> = LazyLock::new(|| {
    let schemas = schemas();
    let fields = |payload: &Value| {
        let properties = payload["properties"].as_object().into_iter().flatten();
        properties.map(|(name, schema)| (name.clone(), kind_of(schema, &schemas.definitions))).collect()
    };
    schemas.commands.iter().map(|(kind, payload, _)| (*kind, fields(payload.as_value()))).collect()
});

fn kind_of(schema: &Value, definitions: &Map<String, Value>) -> Kind {
    let known = schema["$ref"].as_str().and_then(|name| definitions.get(name.strip_prefix("#/$defs/")?));
    if let Some(schema) = known {
        return kind_of(schema, definitions);
    }
    let first = schema["anyOf"].as_array().and_then(|any| any.first());
    if let Some(schema) = first {
        return kind_of(schema, definitions);
    }
    let is = |name: &str| match &schema["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    match () {
        () if is("integer") => Kind::Integer,
        () if is("boolean") => Kind::Boolean,
        () if is("array") => Kind::List,
        () => Kind::Text,
    }
}

/// Returns the payload that a request stands for.
pub(super) async fn payload(
    route: &Route,
    path: HashMap<String, String>,
    query: Option<&str>,
    request: Request,
) -> Result<Map<String, Value>, Problem> {
    let mut fields = match route.fields {
        Fields::Query => Map::new(),
        Fields::Body => read_body(request).await?,
        Fields::BodyIs(field) => [(field.to_owned(), Value::Object(read_body(request).await?))].into_iter().collect(),
    };
    if let Some(name) = path.keys().find(|name| fields.contains_key(*name)) {
        return Err(Problem::invalid(name, "stands in the path, and not in the body"));
    }
    let in_query = match route.fields {
        Fields::Query => parse_query(route.kind, query)?,
        Fields::BodyIs(_) => parse_query(route.kind, query)?,
        Fields::Body => match query {
            None | Some("") => Map::new(),
            Some(_) => return Err(Problem::invalid("query", "this takes no query; its fields go into the body")),
        },
    };
    let path = path.into_iter().map(|(name, value)| (name, Value::String(value)));
    for (name, value) in in_query.into_iter().chain(path) {
        if fields.insert(name.clone(), value).is_some() {
            return Err(Problem::invalid(&name, "is given twice"));
        }
    }
    Ok(fields)
}

/// Returns the fields of a request's body; an empty body has none.
async fn read_body(request: Request) -> Result<Map<String, Value>, Problem> {
    let empty = request.headers().get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() == b"0");
    let absent = axum::body::HttpBody::is_end_stream(request.body());
    if empty || absent {
        return Ok(Map::new());
    }
    let Json(fields) = Json::<Map<String, Value>>::from_request(request, &()).await?;
    Ok(fields.into_iter().map(|(name, value)| (name, integers(value))).collect())
}

/// Turns numbers such as `30.0` into integers: JSON Schema counts them as such. No field takes fractions.
fn integers(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|float| float.fract() == 0.0 && (0.0..TWO_POW_64).contains(float));
            whole.map_or(Value::Number(number), |float| Value::from(float as u64))
        }
        Value::Array(values) => values.into_iter().map(integers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, integers(value))).collect(),
        value => value,
    }
}

/// 2^64, the first number that is too large.
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// Returns the fields in a query.
///
/// # Errors
/// A parameter is not a field of this command, is repeated although it is not a list, or is not of its type.
pub(crate) fn parse_query(kind: CommandKind, query: Option<&str>) -> Result<Map<String, Value>, Problem> {
    let known = PAYLOADS.get(&kind);
    let mut fields = Map::new();
    for (name, text) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let (name, text) = (name.into_owned(), text.into_owned());
        let Some(kind) = known.and_then(|known| known.get(&name)) else {
            return Err(Problem::invalid(&name, "there is no parameter of this name"));
        };
        let value = parse(*kind, &text).map_err(|expected| Problem::invalid(&name, expected))?;
        match (kind, fields.entry(name.clone())) {
            (Kind::List, entry) => {
                if let Value::Array(values) = entry.or_insert_with(|| Value::Array(Vec::new())) {
                    values.push(value);
                }
            }
            (_, serde_json::map::Entry::Vacant(entry)) => {
                entry.insert(value);
            }
            (_, serde_json::map::Entry::Occupied(_)) => return Err(Problem::invalid(&name, "is given twice")),
        }
    }
    Ok(fields)
}

fn parse(kind: Kind, text: &str) -> Result<Value, &'static str> {
    match kind {
        Kind::Text | Kind::List => Ok(Value::String(text.to_owned())),
        Kind::Integer => text.parse::<Number>().map(Value::Number).map_err(|_| "must be a number"),
        Kind::Boolean => text.parse().map(Value::Bool).map_err(|_| "must be true or false"),
    }
}

/// Returns whether this command has a field for the version that it is made against.
pub(super) fn expects_version(kind: CommandKind) -> bool {
    PAYLOADS.get(&kind).is_some_and(|fields| fields.contains_key(EXPECTED_VERSION))
}

/// The name of the field for the version that a change is made against.
pub(super) const EXPECTED_VERSION: &str = "expectedVersion";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: CommandKind, query: &str) -> Option<Value> {
        parse_query(kind, Some(query)).ok().map(Value::Object)
    }

    #[test]
    fn query_parameters_get_the_types_of_their_fields() {
        let found = read(CommandKind::NotificationList, "limit=5&unreadOnly=true&before=a%20b");
        assert_eq!(found, Some(serde_json::json!({"limit": 5, "unreadOnly": true, "before": "a b"})));
        for wrong in ["limit=", "limit=five", "limit=5&limit=6", "unreadOnly=1", "nothing=1", "=", "limit"] {
            assert_eq!(read(CommandKind::NotificationList, wrong), None, "{wrong}");
        }
        assert_eq!(read(CommandKind::NotificationList, ""), Some(serde_json::json!({})));
    }
}
