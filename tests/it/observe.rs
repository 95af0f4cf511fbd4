//! What an operator can see of a server: the overview and the metrics.

use anyhow::{Context as _, Result, ensure};
use boardwire_test_support::{Http, token};
use serde_json::Value;

use crate::scene::Scene;

/// Returns a request of `user` to the operator's routes.
pub(crate) fn request(scene: &Scene, user: &str, method: &str, path: &str) -> Result<Http> {
    let permissions: &[&str] = if user == "root" { &["read", "write", "admin"] } else { &["read", "write"] };
    let request = Http::new(&scene.server.url(), method, &format!("/api/v1/operator{path}"));
    Ok(request.bearer(&token(user, permissions)?))
}

/// Returns the overview.
pub(crate) async fn overview(scene: &Scene) -> Result<Value> {
    let answer = request(scene, "root", "GET", "")?.send().await?;
    ensure!(answer.status == 200, "{answer:?}");
    answer.json()
}

/// Returns the metrics: the name and labels of each line with its value.
pub(crate) async fn metrics(scene: &Scene) -> Result<Vec<(String, f64)>> {
    let answer = Http::new(&scene.server.url(), "GET", "/metrics").send().await?;
    ensure!(answer.status == 200, "{answer:?}");
    let kind = answer.header("content-type").unwrap_or_default();
    ensure!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = String::from_utf8(answer.body)?;
    ensure!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').context("no value")?;
            Ok((name.to_owned(), value.parse()?))
        })
        .collect()
}

/// Returns the value of a metric; 0 if it is absent.
pub(crate) fn metric(metrics: &[(String, f64)], name: &str) -> f64 {
    metrics.iter().find(|(known, _)| known == name).map_or(0.0, |(_, value)| *value)
}
