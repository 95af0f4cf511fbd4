//! Unknown addresses: browsers get a page, programs the answer of their door.

use anyhow::{Context, Result, ensure};
use boardwire_test_support::{Answer, Http, Kind};

use crate::scene::Scene;

/// The `Accept` header that browsers send when someone opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn send(scene: &Scene, method: &str, path: &str, accept: &str) -> Result<Answer> {
    let request = Http::new(&scene.server.url(), method, path).header("accept", accept);
    request.send().await.with_context(|| format!("{method} {path}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_get_a_page_with_a_link_back() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    for path in ["/there-is-none", "/boards", "/boards/b/cards", "/apiary", "/index.html?a=b"] {
        let answer = send(&scene, "GET", path, BROWSER).await?;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        let vary: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value).collect();
        ensure!(vary.iter().any(|value| value.split(',').any(|name| name.trim() == "accept")), "{vary:?}");
        let page = String::from_utf8(answer.body.clone())?;
        ensure!(
            page.contains("There is nothing at this address.") && page.contains("<a href=\"/\">Show your boards</a>")
        );
        ensure!(!page.contains("<script") && !page.contains("src=") && !page.contains("style="), "{page}");
        // Its policy allows its own style, and nothing injected into it.
        let policy = answer.header("content-security-policy").context("no policy")?;
        let nonce = page.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).context("no nonce")?;
        ensure!(policy.contains(&format!("'nonce-{nonce}'")) && policy.starts_with("default-src 'none'"), "{policy}");
        ensure!(!policy.contains("unsafe"), "{policy}");
    }
    let head = send(&scene, "HEAD", "/there-is-none", BROWSER).await?;
    assert_eq!((head.status, head.header("content-type")), (404, Some("text/html; charset=utf-8")));
    ensure!(head.body.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_no_page() -> Result<()> {
    let scene = Scene::open(Kind::Sqlite).await?;
    for (method, path, accept) in [
        ("GET", "/there-is-none", "*/*"),
        ("GET", "/there-is-none", "application/json"),
        ("GET", "/there-is-none", "text/html;q=0, */*"),
        ("POST", "/there-is-none", BROWSER),
        ("DELETE", "/there-is-none", BROWSER),
        ("GET", "/api", BROWSER),
        ("GET", "/api/v2/boards", BROWSER),
        ("GET", "/mcp/there-is-none", BROWSER),
    ] {
        let answer = send(&scene, method, path, accept).await?;
        assert_eq!((answer.status, answer.header("content-type")), (404, None), "{method} {path} {accept}");
        ensure!(answer.body.is_empty(), "{method} {path} {accept}: {answer:?}");
    }
    for method in ["GET", "POST"] {
        let answer = send(&scene, method, "/api/v1/there-is-none", BROWSER).await?;
        let problem = super::with_status(&answer, 404)?;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method}");
        assert_eq!(problem["code"], "NOT_FOUND", "{method}");
    }
    // A page opened before an update requests assets that are gone: it gets a plain message.
    let part = send(&scene, "GET", "/assets/gone.js", BROWSER).await?;
    assert_eq!((part.status, part.header("content-type")), (404, Some("text/plain; charset=utf-8")));
    for path in ["/socket.io/there-is-none", "/socket.io/?EIO=4&transport=there-is-none"] {
        let answer = send(&scene, "GET", path, BROWSER).await?;
        ensure!(!answer.header("content-type").unwrap_or_default().starts_with("text/html"), "{path}: {answer:?}");
    }
    Ok(())
}
