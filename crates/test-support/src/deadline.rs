//! Waiting for a condition that no event announces: polled until it holds or the deadline passes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often the condition is looked at.
const STEP: Duration = Duration::from_millis(20);

/// Waits until `condition` gives a value; after `limit` fails with `what`.
///
/// # Errors
/// The condition's own error at once, or the deadline.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut condition: F) -> Result<T>
where
    F: AsyncFnMut() -> Result<Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if start.elapsed() > limit {
            bail!("not within {limit:?}: {what}");
        }
        tokio::time::sleep(STEP).await;
    }
}
