//! JSON bodies: bounded in size, and refused with the path of the invalid field. The server enforces that they arrive
//! in time.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use boardwire_protocol::{Code, ErrorBody, Violation};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The largest JSON body, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_type(request.headers(), "application/json")?;
        let bytes = read(request.into_body()).await?;
        decode(&bytes).map(Self).map_err(|violation| ErrorBody::invalid(&[violation]).into())
    }
}

/// Checks that a body declares this media type and has no content coding; otherwise the error is a 415.
pub(crate) fn require_type(headers: &HeaderMap, expected: &'static str) -> Result<(), Problem> {
    let refused = |header: &str, message: String| {
        Err(Problem::invalid(header, message).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    };
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()?.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(expected)) || kinds.next().is_some() {
        return refused("Content-Type", format!("must be {expected}"));
    }
    let coded = headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| coding != "identity");
    if coded {
        refused("Content-Encoding", "bodies are taken as they are, without a coding".to_owned())
    } else {
        Ok(())
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut pieces, mut bytes) = (body.into_data_stream(), Vec::new());
    let broken = |_| Problem::new(Code::Unavailable, "the body was broken off; try again");
    while let Some(piece) = pieces.try_next().await.map_err(broken)? {
        if bytes.len() + piece.len() > MAX_BYTES {
            return Err(Problem::new(Code::PayloadTooLarge, format!("the body is larger than {MAX_BYTES} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Decodes exactly one object. serde's derive alone would also accept an array of the fields' values.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Violation> {
    let whole = |message: &str| Violation::new("", message);
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(whole("the body must be one JSON object"));
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| Violation::of(&error))?;
    source.end().map_err(|_| whole("the body must be one JSON object, with nothing after it"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::{body::Bytes, response::IntoResponse};
    use futures_util::stream;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }

    #[test]
    fn a_body_must_be_exactly_one_object() {
        assert_eq!(decode(b" {\"name\": \"x\"}\n"), Ok(Named { name: "x".to_owned() }));
        for wrong in [
            &b""[..],
            b"null",
            b"[]",
            b"[\"x\"]",
            b"\"x\"",
            b"nonsense",
            b"{",
            b"{}",
            b"{\"name\": \"x\"} {}",
            b"{\"name\": \"x\"}]",
            b"{\"name\": [\"x\"]}",
            b"{\"name\": {}}",
            b"{\"name\": \"x\", \"name\": \"y\"}",
            b"{\"name\": \"x\", \"more\": 1}",
            b"{\"name\": \"\xff\"}",
        ] {
            let Violation { path, message } = decode::<Named>(wrong).expect_err("it was taken");
            let ours = message.contains("struct") || message.contains("Named") || message.contains("expected");
            assert!(!ours && !message.is_empty(), "{path}: {message}");
        }
    }

    #[tokio::test]
    async fn a_broken_body_is_unavailable_and_a_large_one_too_large() {
        let pieces = [Ok(Bytes::from("{")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        let broken = read(Body::from_stream(stream::iter(pieces))).await.expect_err("it was read");
        assert_eq!(broken.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        let large = read(Body::from(vec![b' '; MAX_BYTES + 1])).await.expect_err("it was read");
        assert_eq!(large.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
