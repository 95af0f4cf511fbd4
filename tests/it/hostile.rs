//! Strangers: whoever has not said who he is can't make the server hold much, nor hold a connection for long.

use std::time::Duration;

use anyhow::{Result, ensure};
use boardwire_test_support::{Dial, Kind, PATIENCE};

use crate::scene::Scene;

/// So long may a connection stay without an identity in tests of what ends it earlier.
const NEVER: (&str, &str) = ("BOARDWIRE_CONNECT_TIMEOUT_MS", "3600000");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_of_strangers_are_not_gathered() -> Result<()> {
    const STRANGERS: usize = 20;
    let scene = Scene::with(Kind::Sqlite, &[NEVER]).await?;
    let before = scene.server.rss_kib()?;
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut stranger = Dial::new(&scene.server.url()).stranger().await?;
        let mut open = stranger.text(r#"4599-["x",{}]"#).await;
        for _ in 0..80 {
            open = open && stranger.binary(vec![0; 110_000]).await;
        }
        strangers.push(stranger);
    }
    let held = scene.server.rss_kib()?.saturating_sub(before);
    ensure!(held < STRANGERS as u64 * 1024, "{STRANGERS} strangers hold {held} KiB");
    for stranger in &mut strangers {
        stranger.wait_closed(PATIENCE).await?;
    }
    // Nor are those of somebody who is known.
    let ann = scene.client("ann").await?;
    ann.send_text(r#"451-["task:create",{"_placeholder":true,"num":0}]"#);
    ann.wait_closed(PATIENCE).await.map(drop)
}
