//! Turns the reply to a command into an HTTP response.

use std::collections::HashMap;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Route, Verb};
use crate::{
    entity_tags::{EntityTags, Malformed},
    problem::Problem,
};

/// The fields of an entity that its ETag depends on.
#[derive(Deserialize)]
struct Entity {
    id: String,
    version: u64,
}

/// The entity in a reply, and its ETag.
#[derive(Default)]
pub(super) struct TaggedEntity {
    entity: Option<Entity>,
    /// The text between the quotes of the ETag; `None` without an entity.
    pub(super) tag: Option<String>,
}

impl TaggedEntity {
    pub(super) fn of(route: &Route, reply: &RawValue) -> Self {
        let entity = route.entity.and_then(|name| {
            let fields: HashMap<&str, &RawValue> = serde_json::from_str(reply.get()).ok()?;
            serde_json::from_str::<Entity>(fields.get(name)?.get()).ok()
        });
        let tag = entity.as_ref().map(|entity| match route.verb {
            // The reply contains more than the entity, such as its comments or tasks.
            Verb::Get => format!("{}.{}", entity.version, fingerprint(reply.get())),
            _ => entity.version.to_string(),
        });
        Self { entity, tag }
    }
}

/// Returns the response to a request that succeeded.
///
/// # Errors
/// The request is a read, and its `If-Match` is malformed or does not hold.
pub(super) fn response(route: &Route, headers: &HeaderMap, reply: &RawValue) -> Result<Response, Problem> {
    let TaggedEntity { entity, tag } = TaggedEntity::of(route, reply);
    let is_read = route.verb == Verb::Get;
    let read = |name| EntityTags::read(headers, &name);
    if is_read && let Some(wanted) = read(header::IF_MATCH).map_err(|Malformed| Problem::malformed_tags("If-Match"))? {
        let holds = wanted.match_strongly(tag.as_deref());
        holds.then_some(()).ok_or_else(|| Problem::failed_precondition("If-Match"))?;
    }
    // A malformed `If-None-Match` is ignored: the response is sent whole.
    let is_unchanged =
        is_read && read(header::IF_NONE_MATCH).ok().flatten().is_some_and(|known| known.match_weakly(tag.as_deref()));
    let mut response = if is_unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let status = if route.creates.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        (status, [(header::CONTENT_TYPE, "application/json")], reply.get().to_owned()).into_response()
    };
    let tag = tag.and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok());
    let location = route.creates.filter(|collection| !collection.is_empty()).zip(entity);
    let location = location.map(|(collection, entity)| format!("/api/v1/{collection}/{}", entity.id));
    let more_headers = [
        (header::ETAG, tag),
        (header::LOCATION, location.and_then(|path| HeaderValue::try_from(path).ok())),
        (header::CACHE_CONTROL, Some(HeaderValue::from_static("private, no-cache"))),
    ];
    response.headers_mut().extend(more_headers.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Ok(response)
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
