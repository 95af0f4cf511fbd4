//! Keeps the server's background tasks running, periodic ones and those that wait for events.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long to wait before a task is restarted; doubled after each further failure.
const PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// A task that ran for this long counts as recovered.
const STABLE_AFTER: Duration = Duration::from_secs(60);
/// How often a vital task is restarted without having recovered; the pauses add up to some 3 seconds.
const MAX_RESTARTS: u32 = 5;

/// What happens to the server without a task.
#[derive(Debug, Clone)]
pub enum Need {
    /// The server can do without it for a while: the task is restarted without limit.
    Helpful,
    /// The server does not work correctly without it. If the task keeps failing, this token is cancelled, so that the
    /// server shuts down cleanly and can be restarted from outside.
    Vital(CancellationToken),
}

/// Runs the future that `task` makes; it must end once `stop` is cancelled. If it panics or ends before, `task` makes
/// the next one after a pause, and hands over any state that must survive. Dropping `supervise` ends the running one.
pub async fn supervise<T>(name: &'static str, need: Need, stop: CancellationToken, mut task: impl FnMut() -> T)
where
    T: Future<Output = ()> + Send + 'static,
{
    let mut failures: u32 = 0;
    loop {
        let started = Instant::now();
        let ended = AbortOnDropHandle::new(tokio::spawn(task())).await;
        if stop.is_cancelled() {
            return;
        }
        if started.elapsed() >= STABLE_AFTER {
            failures = 0;
        }
        failures += 1;
        // The panic itself is in the log, with its location.
        let reason = ended.err().map_or_else(|| "it ended by itself".to_owned(), |error| error.to_string());
        if let Need::Vital(failed) = &need
            && failures > MAX_RESTARTS
        {
            tracing::error!(task = name, %reason, "a background task that the server needs keeps failing; the server stops");
            failed.cancel();
            return;
        }
        tracing::error!(task = name, %reason, "a background task ended unexpectedly; it is restarted");
        let pause = PAUSE.saturating_mul(1 << (failures - 1).min(16)).min(MAX_PAUSE);
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tokio::time::timeout;

    use super::*;

    /// A task that panics in its first `panics` runs, and counts its runs.
    fn task(panics: u32, runs: &Arc<AtomicU32>, stop: &CancellationToken) -> impl FnMut() -> BoxedTask + Send + use<> {
        let (runs, stop) = (Arc::clone(runs), stop.clone());
        move || {
            let (runs, stop) = (runs.fetch_add(1, Ordering::SeqCst) + 1, stop.clone());
            Box::pin(async move {
                assert!(runs > panics, "provoked by the test");
                stop.cancelled().await;
            })
        }
    }

    type BoxedTask = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

    #[tokio::test(start_paused = true)]
    async fn a_task_is_restarted_after_a_panic() {
        let (runs, stop, failed) = (Arc::new(AtomicU32::new(0)), CancellationToken::new(), CancellationToken::new());
        for need in [Need::Helpful, Need::Vital(failed.clone())] {
            runs.store(0, Ordering::SeqCst);
            let stop = stop.child_token();
            let running = tokio::spawn(supervise("test", need, stop.clone(), task(MAX_RESTARTS, &runs, &stop)));
            while runs.load(Ordering::SeqCst) <= MAX_RESTARTS {
                sleep(PAUSE).await;
            }
            stop.cancel();
            timeout(STABLE_AFTER, running).await.expect("it stops").unwrap();
            assert!(!failed.is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_vital_task_that_keeps_failing_stops_the_server() {
        let (runs, stop, failed) = (Arc::new(AtomicU32::new(0)), CancellationToken::new(), CancellationToken::new());
        let forever = task(u32::MAX, &runs, &stop);
        timeout(STABLE_AFTER, supervise("test", Need::Vital(failed.clone()), stop.clone(), forever))
            .await
            .expect("it gives up");
        assert!(failed.is_cancelled());
        assert_eq!(runs.load(Ordering::SeqCst), MAX_RESTARTS + 1);
        // A task that is only helpful is restarted, at growing intervals.
        runs.store(0, Ordering::SeqCst);
        let running = tokio::spawn(supervise("test", Need::Helpful, stop.clone(), task(u32::MAX, &runs, &stop)));
        while runs.load(Ordering::SeqCst) <= 3 * MAX_RESTARTS {
            sleep(MAX_PAUSE).await;
        }
        stop.cancel();
        timeout(STABLE_AFTER, running).await.expect("it stops").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_by_itself_is_restarted() {
        let (runs, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let counted = Arc::clone(&runs);
        let brief = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(())
        };
        let running = tokio::spawn(supervise("test", Need::Helpful, stop.clone(), brief));
        while runs.load(Ordering::SeqCst) < 3 {
            sleep(PAUSE).await;
        }
        stop.cancel();
        running.await.unwrap();
    }
}
