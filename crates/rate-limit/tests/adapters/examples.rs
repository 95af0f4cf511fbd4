//! The examples as running servers, and their text in the README.

use std::path::Path;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, serve};

#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/axum.rs"]
mod with_axum;

#[expect(dead_code, reason = "its main is not called")]
#[path = "../../examples/socketioxide.rs"]
mod with_socketioxide;

/// Of this many searches, at least one is refused, unless each takes three seconds: a minute has room for twenty.
const SEARCHES: usize = 21;

#[tokio::test]
async fn the_axum_server_refuses_searches() {
    let address = serve(with_axum::app()).await;
    let mut answers = Vec::new();
    for _ in 0..SEARCHES {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET /search HTTP/1.1\r\nhost: localhost\r\nx-user: ada\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answers.push(answer);
    }
    assert!(answers[0].starts_with("HTTP/1.1 200 OK\r\n"), "{}", answers[0]);
    assert!(answers[0].contains("\r\nratelimit: \"burst\";r=5;t=1\r\n"), "{}", answers[0]);
    let refused = answers.iter().find(|answer| answer.starts_with("HTTP/1.1 429 ")).unwrap();
    assert!(refused.contains("\r\nretry-after: "), "{refused}");
}

#[tokio::test]
async fn the_socketioxide_server_refuses_searches() {
    let mut ada = Client::connect(serve(with_socketioxide::app()).await, "ada").await;
    assert_eq!(ada.call("search", "x").await, json!("nothing found"));
    let mut refused = 0;
    for _ in 1..SEARCHES {
        refused += u32::from(ada.call("search", "x").await["code"] == "RATE_LIMIT");
    }
    assert!(refused > 0);
}

#[test]
fn the_readme_shows_the_examples_unchanged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in ["axum", "socketioxide"] {
        let example = std::fs::read_to_string(folder.join(format!("examples/{name}.rs"))).unwrap();
        let (_, code) = example.split_once("\n\n").unwrap();
        assert!(readme.contains(code), "README.md does not show examples/{name}.rs");
    }
}
