//! How long tests wait. Limits are generous, since they are met only where something is wrong; on a machine that is busy
//! beyond measure all of them are scaled by one setting.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long is waited for what must come, before it is scaled: see [`patient`].
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The setting: a number, 1 or more. The tests in other languages read it too.
const VARIABLE: &str = "BOARDWIRE_TEST_PATIENCE";

/// How often the condition is looked at.
const STEP: Duration = Duration::from_millis(20);

/// How often something is tried that needs a quick machine.
const ATTEMPTS: usize = 10;

/// A limit, scaled by `BOARDWIRE_TEST_PATIENCE`. Whatever takes a limit in this crate scales it by itself; this is for tests
/// that measure, and for what must last as long as it takes to get ready.
///
/// # Panics
/// The setting is no number, or less than 1.
#[must_use]
pub fn patient(limit: Duration) -> Duration {
    static FACTOR: LazyLock<f64> = LazyLock::new(|| {
        let factor = std::env::var(VARIABLE).map_or(Ok(1.0), |value| value.parse());
        let factor = factor.unwrap_or_default();
        assert!((1.0..=1000.0).contains(&factor), "{VARIABLE} is a number from 1 to 1000");
        factor
    });
    limit.mul_f64(*FACTOR)
}

/// Waits until `condition` gives a value; after `limit`, scaled, fails with `what`.
///
/// # Errors
/// The condition's own error at once, or the deadline.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut condition: F) -> Result<T>
where
    F: AsyncFnMut() -> Result<Option<T>>,
{
    let (start, limit) = (Instant::now(), patient(limit));
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

/// Waits for `future`; after `limit`, scaled, fails with `what`.
///
/// # Errors
/// The deadline.
pub async fn within<F: Future>(what: &str, limit: Duration, future: F) -> Result<F::Output> {
    let limit = patient(limit);
    tokio::time::timeout(limit, future).await.with_context(|| format!("not within {limit:?}: {what}"))
}

/// Tries what shows something only where it goes quickly, until it does: `None` is an attempt that took too long.
///
/// # Errors
/// The attempt's own error at once; or all of them took too long.
pub async fn when_quick<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..ATTEMPTS {
        if let Some(value) = attempt().await? {
            return Ok(value);
        }
    }
    bail!("too slow {ATTEMPTS} times to show anything: {what}")
}
