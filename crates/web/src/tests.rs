//! The answers that a browser gets.

use axum::{Router, body::Body, response::Response};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn get(path: &str, encoding: &str) -> Response {
    let request = Request::get(path).header(header::ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
    super::routes::<()>().with_state::<()>(()).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of(response: &Response, name: header::HeaderName) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Returns the parts that the document names.
async fn parts() -> Vec<String> {
    let document = text(get("/", "").await).await;
    let named = document.split('"').filter(|part| part.starts_with("/assets/"));
    named.map(str::to_owned).collect()
}

#[tokio::test]
async fn each_address_of_the_page_answers_with_a_nonce_of_its_own() {
    let mut nonces = Vec::new();
    for path in ["/", "/operator", "/boards/launch", "/boards/launch/tasks/t1"] {
        let response = get(path, "").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = header_of(&response, header::CONTENT_SECURITY_POLICY);
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        let nonce = rest.split('\'').next().unwrap().to_owned();
        let document = text(response).await;
        assert!(document.contains(&format!("nonce=\"{nonce}\"")) && !document.contains("{{nonce}}"), "{path}");
        assert!(!nonces.contains(&nonce));
        nonces.push(nonce);
    }
}

#[tokio::test]
async fn only_the_pages_own_scripts_are_allowed() {
    let policy = header_of(&get("/", "").await, header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let document = text(get("/", "").await).await;
    let scripts = document.matches("<script").count();
    assert_eq!(document.matches(" src=\"/assets/").count(), scripts, "every script is a file of its own");
}

#[tokio::test]
async fn parts_may_be_cached_for_ever_and_are_sent_compressed() {
    let parts = parts().await;
    assert!(parts.len() >= 3, "{parts:?}");
    for path in parts {
        let response = get(&path, "br, gzip").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(header_of(&response, header::CACHE_CONTROL).contains("immutable"));
        assert_eq!(header_of(&response, header::CONTENT_ENCODING), "gzip", "{path}");
        let plain = get(&path, "gzip;q=0").await;
        assert_eq!(header_of(&plain, header::CONTENT_ENCODING), "", "{path}");
        let (small, large) = (response.into_body().collect(), plain.into_body().collect());
        assert!(small.await.unwrap().to_bytes().len() < large.await.unwrap().to_bytes().len());
    }
}

#[tokio::test]
async fn a_missing_part_is_not_answered_with_the_page() {
    let response = get("/assets/gone.js", "").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-store");
    let other: Router = super::routes();
    let request = Request::get("/no/such/page").body(Body::empty()).unwrap();
    assert_eq!(other.oneshot(request).await.unwrap().status(), StatusCode::NOT_FOUND);
}
