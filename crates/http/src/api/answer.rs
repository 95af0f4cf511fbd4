//! From the reply to a command to a response.

use std::collections::HashMap;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Route, Verb};

/// What is of interest in an entity.
#[derive(Deserialize)]
struct Entity {
    id: String,
    version: u64,
}

/// The response to a request that succeeded.
pub(super) fn response(route: &Route, headers: &HeaderMap, reply: &RawValue) -> Response {
    let entity = route.entity.and_then(|name| {
        let fields: HashMap<&str, &RawValue> = serde_json::from_str(reply.get()).ok()?;
        serde_json::from_str::<Entity>(fields.get(name)?.get()).ok()
    });
    let tag = entity.as_ref().map(|entity| match route.verb {
        // What is shown holds more than the entity: comments, tasks.
        Verb::Get => format!("\"{}.{}\"", entity.version, fingerprint(reply.get())),
        _ => format!("\"{}\"", entity.version),
    });
    let tag = tag.and_then(|tag| HeaderValue::try_from(tag).ok());
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|known| Some(known) == tag.as_ref());
    let mut response = if route.verb == Verb::Get && known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let status = if route.creates.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        (status, [(header::CONTENT_TYPE, "application/json")], reply.get().to_owned()).into_response()
    };
    let location = route.creates.filter(|collection| !collection.is_empty()).zip(entity);
    let location = location.map(|(collection, entity)| format!("/api/v1/{collection}/{}", entity.id));
    let told = [
        (header::ETAG, tag),
        (header::LOCATION, location.and_then(|path| HeaderValue::try_from(path).ok())),
        (header::CACHE_CONTROL, Some(HeaderValue::from_static("private, no-cache"))),
    ];
    response.headers_mut().extend(told.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
