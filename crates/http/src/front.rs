//! Layers in front of all doors: a request must name its host exactly once, and answers are compressed for clients that
//! accept that.

use axum::{
    Router,
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header, uri::Authority};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{Predicate as _, SizeAbove},
    },
};

use crate::problem::Problem;

/// The size in bytes from which answers are compressed.
const MIN_COMPRESSED: u64 = 1024;
/// The end of a compressed answer's tag, which must differ from that of the plain one (RFC 9110, section 8.8.3.3).
const GZIP_SUFFIX: &[u8] = b"-gzip\"";

/// Puts these layers in front of the doors.
pub fn front(doors: Router) -> Router {
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let compression = compression.compress_when(SizeAbove::new(MIN_COMPRESSED).and(may_be_compressed));
    doors.layer(compression).layer(axum::middleware::from_fn(handle))
}

/// Returns whether an answer may be compressed: text, with three exceptions. An answer that must not be stored or that
/// sets a cookie carries a secret, which its compressed size could reveal. A live stream says `no-transform`, and would
/// need a compressor for each listener. A file that can be read in parts stays as it is.
fn may_be_compressed(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let kind = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let is_text = kind.starts_with("text/")
        || matches!(kind, "application/json" | "application/problem+json" | "application/openmetrics-text");
    is_text
        && !["no-store", "no-transform"].iter().any(|word| text(header::CACHE_CONTROL).contains(word))
        && !headers.contains_key(header::SET_COOKIE)
        && !headers.contains_key(header::ACCEPT_RANGES)
}

async fn handle(mut request: Request, next: Next) -> Response {
    if !names_its_host(&request) {
        let problem = Problem::invalid("Host", "must be there once, with a host and nothing else");
        return problem.with_status(StatusCode::BAD_REQUEST).into_response();
    }
    let headers = request.headers_mut();
    // For `*` or `identity` the layer might answer 406 after a change was made. A plain answer is always acceptable.
    let picky = headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().is_ok_and(|text| text.contains('*') || text.to_ascii_lowercase().contains("identity"))
    });
    if picky {
        headers.remove(header::ACCEPT_ENCODING);
    }
    let had_suffix = [header::IF_NONE_MATCH, header::IF_MATCH].map(|name| strip_gzip_suffix(headers, &name));
    let mut response = next.run(request).await;
    let knows_coded = had_suffix[0] && response.status() == StatusCode::NOT_MODIFIED;
    let is_coded = response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    if (is_coded || knows_coded)
        && let Some(tag) = response.headers().get(header::ETAG)
        && let Some(opaque) = tag.as_bytes().strip_suffix(b"\"")
        && let Ok(tag) = HeaderValue::from_bytes(&[opaque, GZIP_SUFFIX].concat())
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        // The whole answer would carry the same `Vary`.
        response.headers_mut().append(header::VARY, header::ACCEPT_ENCODING.into());
    }
    response
}

/// Replaces the tags of compressed answers in a header with those of the plain ones, which the doors know. Returns
/// whether there were any.
fn strip_gzip_suffix(headers: &mut HeaderMap, name: &HeaderName) -> bool {
    let is_coded = |value: &HeaderValue| value.as_bytes().windows(GZIP_SUFFIX.len()).any(|part| part == GZIP_SUFFIX);
    let found = headers.get_all(name).iter().any(is_coded);
    if found {
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| without_gzip_suffix(line.as_bytes())).collect();
        headers.remove(name);
        for line in lines {
            if let Ok(line) = HeaderValue::from_bytes(&line) {
                headers.append(name, line);
            }
        }
    }
    found
}

/// Returns the line without the suffix of compressed answers.
fn without_gzip_suffix(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(GZIP_SUFFIX) {
            plain.push(b'"');
            rest = after;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

/// Returns whether the request names its host exactly once (RFC 9112, section 3.2). Requests older than HTTP/1.1 may
/// omit it.
fn names_its_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let authority = host.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
            authority.is_some_and(|authority| !authority.as_str().contains('@'))
        }
        (None, None) => request.version() < Version::HTTP_11,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn text_is_compressed_unless_it_is_secret_live_or_a_file() {
        let compressed = |kind: &'static str, more: &[(HeaderName, &'static str)]| {
            let mut all = headers(&[(header::CONTENT_TYPE, kind)]);
            all.extend(headers(more).into_iter().filter_map(|(name, value)| Some((name?, value))));
            may_be_compressed(StatusCode::OK, Version::HTTP_11, &all, &Extensions::new())
        };
        let texts = ["application/json", "application/problem+json", "text/plain; charset=utf-8", "text/html"];
        for kind in texts.into_iter().chain(["text/event-stream"]) {
            assert!(compressed(kind, &[(header::CACHE_CONTROL, "private, no-cache")]), "{kind}");
            assert!(!compressed(kind, &[(header::CACHE_CONTROL, "no-store")]), "{kind}: a secret");
            assert!(!compressed(kind, &[(header::CACHE_CONTROL, "no-cache, no-transform")]), "{kind}: a live stream");
            assert!(!compressed(kind, &[(header::SET_COOKIE, "a=b")]), "{kind}: a secret");
            assert!(!compressed(kind, &[(header::ACCEPT_RANGES, "bytes")]), "{kind}: a file");
        }
        for kind in ["image/png", "application/octet-stream", ""] {
            assert!(!compressed(kind, &[]), "{kind}");
        }
    }

    #[test]
    fn tags_of_compressed_answers_become_those_of_plain_ones() {
        for (line, expected) in [
            ("\"7.ab-gzip\"", Some("\"7.ab\"")),
            ("W/\"7-gzip\", \"8\",\"9-gzip\"", Some("W/\"7\", \"8\",\"9\"")),
            ("\"7\"", None),
            ("*", None),
        ] {
            let mut all = headers(&[(header::IF_MATCH, line)]);
            assert_eq!(strip_gzip_suffix(&mut all, &header::IF_MATCH), expected.is_some(), "{line}");
            assert_eq!(all[header::IF_MATCH], expected.unwrap_or(line));
        }
    }
}
