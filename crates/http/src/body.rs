//! JSON bodies: bounded in size, and refused with the path of what is wrong. That they come in time is for the server.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use boardwire_protocol::{Code, ErrorBody};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::problem::Problem;

/// The largest JSON body.
const MAX_BYTES: usize = 64 * 1024;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request.into_body()).await?;
        decode(&bytes).map(Self).map_err(|(path, message)| {
            let sentence = if path.is_empty() { message.clone() } else { format!("{path}: {message}") };
            let body = ErrorBody::new(Code::InvalidMessage, sentence);
            Problem::from(body.with_details(json!([{"path": path, "message": message}])))
        })
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

/// One object and nothing after it; else the path and a sentence. serde's derive alone would take an array of the fields'
/// values as well.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, (String, String)> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err((String::new(), "expected a JSON object".to_owned()));
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let path = error.path().to_string();
        (if path == "." { String::new() } else { path }, error.inner().to_string())
    })?;
    source.end().map_err(|error| (String::new(), error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::{body::Bytes, http::StatusCode, response::IntoResponse};
    use futures_util::stream;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }

    #[test]
    fn one_object_and_nothing_else() {
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
            let (path, message) = decode::<Named>(wrong).expect_err("it was taken");
            let ours = message.contains("struct") || message.contains("Named");
            assert!(!ours && !message.is_empty(), "{path}: {message}");
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_worth_another_try() {
        let pieces = [Ok(Bytes::from("{")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        let broken = read(Body::from_stream(stream::iter(pieces))).await.expect_err("it was read");
        assert_eq!(broken.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        let large = read(Body::from(vec![b' '; MAX_BYTES + 1])).await.expect_err("it was read");
        assert_eq!(large.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
