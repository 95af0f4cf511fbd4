//! How long tests wait. The limits are generous, because they are only reached when something is wrong; for very busy
//! machines, one setting scales them all.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long to wait for an expected event, before scaling: see [`patient`].
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The setting: a number, at least 1. The tests in other languages read it, too.
const VARIABLE: &str = "BOARDWIRE_TEST_PATIENCE";

/// How often a condition is checked.
const STEP: Duration = Duration::from_millis(20);

/// How often a test that needs a quick machine is tried.
const ATTEMPTS: usize = 10;

/// Returns a limit, scaled by `BOARDWIRE_TEST_PATIENCE`. Functions of this crate that take a limit scale it themselves;
/// use this for measured times, and for lifetimes that must outlast a test's preparations.
///
/// # Panics
/// The setting is not a number, or less than 1.
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

/// Waits until `condition` returns a value; after the scaled `limit`, fails with `what`.
///
/// # Errors
/// The condition failed, or the deadline passed.
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

/// Waits for `future`; after the scaled `limit`, fails with `what`.
///
/// # Errors
/// The deadline passed.
pub async fn within<F: Future>(what: &str, limit: Duration, future: F) -> Result<F::Output> {
    let limit = patient(limit);
    tokio::time::timeout(limit, future).await.with_context(|| format!("not within {limit:?}: {what}"))
}

/// Repeats an attempt that proves something only if it runs quickly; `None` is an attempt that took too long.
///
/// # Errors
/// An attempt failed, or all of them took too long.
pub async fn when_quick<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..ATTEMPTS {
        if let Some(value) = attempt().await? {
            return Ok(value);
        }
    }
    bail!("too slow {ATTEMPTS} times to show anything: {what}")
}
