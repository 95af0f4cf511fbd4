//! Tests of the policy, with a handler behind it that reports how many sessions count.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::Ipv4Addr;

use axum::{Extension, Router, body::Body, routing::any};
use boardwire_auth::{AllowedOrigins, Cookie, SecretKind};
use boardwire_browser::{BrowserPolicy, Page, protect};
use boardwire_gate::{Proxies, TcpConnection};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Returns how many sessions count in a request, and in a handshake.
async fn report_sessions(Extension(page): Extension<Page>, method: Method, headers: HeaderMap) -> String {
    format!("{} {}", page.sessions(&method, &headers).len(), page.handshake_sessions(&headers).len())
}

/// Sends a request to `http://host` with these headers.
async fn send(origins: &AllowedOrigins, method: Method, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri("/").header(header::HOST, "host");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let connection = TcpConnection::new(CancellationToken::new());
    let peer = Proxies::default().peer(Ipv4Addr::LOCALHOST.into(), request.headers(), connection);
    request.extensions_mut().insert(peer);
    let policy = BrowserPolicy { origins: origins.clone(), secure_cookies: None };
    protect(Router::new().route("/", any(report_sessions)), policy).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn foreign_origins_are_refused_and_requests_without_an_origin_pass() {
    let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
    let status =
        async |origins: &AllowedOrigins, headers: &[(&str, &str)]| send(origins, Method::GET, headers).await.status();
    for allowed in ["https://board.example", "http://host"] {
        assert_eq!(status(&listed, &[("origin", allowed)]).await, StatusCode::OK, "{allowed}");
    }
    for foreign in ["https://elsewhere.example", "null", "\u{fc}"] {
        assert_eq!(status(&listed, &[("origin", foreign)]).await, StatusCode::FORBIDDEN, "{foreign}");
    }
    assert_eq!(status(&AllowedOrigins::SameHost, &[]).await, StatusCode::OK);
    let refused = send(&listed, Method::GET, &[("origin", "https://elsewhere.example")]).await;
    assert!(text(refused).await.contains("BOARDWIRE_CLIENT_URL"), "it says what an operator can do");
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_answers() {
    let listed = AllowedOrigins::Listed(vec!["https://board.example".into()]);
    let preflight = [("origin", "https://board.example"), ("access-control-request-method", "PATCH")];
    for (origins, credentials) in [(listed, true), (AllowedOrigins::Any, false)] {
        let answer = send(&origins, Method::OPTIONS, &preflight).await;
        let allowed = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(allowed.unwrap(), "https://board.example", "{origins:?}");
        let allows_credentials = answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        assert_eq!(allows_credentials, credentials, "{origins:?}");
    }
}

#[tokio::test]
async fn a_session_cookie_counts_only_from_allowed_pages_and_programs() {
    let secret = SecretKind::Session.generate().unwrap().text;
    let cookie = Cookie::Session.set(false, &secret, 60).split(';').next().unwrap().to_owned();
    let check = async |origins: &AllowedOrigins, method: Method, headers: &[(&str, &str)], expected: &str| {
        let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        assert_eq!(text(send(origins, method, &headers).await).await, expected, "{origins:?} {headers:?}");
    };
    let own = AllowedOrigins::SameHost;
    check(&own, Method::POST, &[("origin", "http://host")], "1 1").await;
    // A program, whose user chose to send the cookie; but a handshake has to name the origin.
    check(&own, Method::POST, &[], "1 0").await;
    check(&own, Method::GET, &[("sec-fetch-site", "same-origin")], "1 0").await;
    check(&own, Method::GET, &[("sec-fetch-site", "none")], "1 0").await;
    // The page of another site made the browser send it.
    check(&own, Method::GET, &[("sec-fetch-site", "cross-site")], "0 0").await;
    // A browser names the origin with every change.
    check(&own, Method::POST, &[("sec-fetch-site", "same-origin")], "0 0").await;
    // Any page could have sent it.
    check(&AllowedOrigins::Any, Method::POST, &[("origin", "http://host")], "0 0").await;
}
