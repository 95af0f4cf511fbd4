//! Keeps the server's own work going: what it does by itself, from time to time or whenever something comes, as long as it
//! runs.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long to wait before a task begins anew; twice as long after each further panic.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A task that went on for so long has found its feet again.
const SOUND: Duration = Duration::from_secs(60);
/// A vital task that broke off so often without finding its feet does not come back: some 3 seconds.
const MOST: u32 = 5;

/// What becomes of the server without a task.
#[derive(Debug, Clone)]
pub enum Need {
    /// The server does without for a while: the task is tried again for ever.
    Helpful,
    /// The server would break what it promises. If the task does not come back, this is cancelled, for the server to close
    /// in good order; whoever runs the server starts it anew.
    Vital(CancellationToken),
}

/// Runs what `task` makes until `stop` is cancelled, whatever happens in between: if it panics, or ends by itself, the next
/// one begins after a pause. What one leaves to the next, `task` hands over. Dropping this ends it all.
pub async fn supervise<T>(name: &'static str, need: Need, stop: CancellationToken, mut task: impl FnMut() -> T)
where
    T: Future<Output = ()> + Send + 'static,
{
    let mut broken: u32 = 0;
    loop {
        let begun = Instant::now();
        let ended = AbortOnDropHandle::new(tokio::spawn(task())).await;
        if stop.is_cancelled() {
            return;
        }
        if begun.elapsed() >= SOUND {
            broken = 0;
        }
        broken += 1;
        // The panic itself is in the log, with its place.
        let reason = ended.err().map_or_else(|| "it ended by itself".to_owned(), |error| error.to_string());
        if let Need::Vital(failed) = &need
            && broken > MOST
        {
            tracing::error!(task = name, %reason, "a task without which the server can't go on does not come back");
            failed.cancel();
            return;
        }
        tracing::error!(task = name, %reason, "a task of the server broke off and begins anew");
        let pause = PAUSE.saturating_mul(1 << (broken - 1).min(16)).min(LONGEST_PAUSE);
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

    /// A task that panics in its first `panics` lives, and says in which it is.
    fn task(panics: u32, life: &Arc<AtomicU32>, stop: &CancellationToken) -> impl FnMut() -> BoxedTask + Send + use<> {
        let (life, stop) = (Arc::clone(life), stop.clone());
        move || {
            let (life, stop) = (life.fetch_add(1, Ordering::SeqCst) + 1, stop.clone());
            Box::pin(async move {
                assert!(life > panics, "as the test has it");
                stop.cancelled().await;
            })
        }
    }

    type BoxedTask = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

    #[tokio::test(start_paused = true)]
    async fn a_task_comes_back_after_a_panic() {
        let (life, stop, failed) = (Arc::new(AtomicU32::new(0)), CancellationToken::new(), CancellationToken::new());
        for need in [Need::Helpful, Need::Vital(failed.clone())] {
            life.store(0, Ordering::SeqCst);
            let stop = stop.child_token();
            let running = tokio::spawn(supervise("test", need, stop.clone(), task(MOST, &life, &stop)));
            while life.load(Ordering::SeqCst) <= MOST {
                sleep(PAUSE).await;
            }
            stop.cancel();
            timeout(SOUND, running).await.expect("it stops").unwrap();
            assert!(!failed.is_cancelled());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_not_be_missing_takes_the_server_down() {
        let (life, stop, failed) = (Arc::new(AtomicU32::new(0)), CancellationToken::new(), CancellationToken::new());
        let forever = task(u32::MAX, &life, &stop);
        timeout(SOUND, supervise("test", Need::Vital(failed.clone()), stop.clone(), forever))
            .await
            .expect("it gives up");
        assert!(failed.is_cancelled());
        assert_eq!(life.load(Ordering::SeqCst), MOST + 1);
        // What is not as important goes on, ever more seldom.
        life.store(0, Ordering::SeqCst);
        let running = tokio::spawn(supervise("test", Need::Helpful, stop.clone(), task(u32::MAX, &life, &stop)));
        while life.load(Ordering::SeqCst) <= 3 * MOST {
            sleep(LONGEST_PAUSE).await;
        }
        stop.cancel();
        timeout(SOUND, running).await.expect("it stops").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_by_itself_begins_anew() {
        let (lives, stop) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
        let counted = Arc::clone(&lives);
        let brief = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(())
        };
        let running = tokio::spawn(supervise("test", Need::Helpful, stop.clone(), brief));
        while lives.load(Ordering::SeqCst) < 3 {
            sleep(PAUSE).await;
        }
        stop.cancel();
        running.await.unwrap();
    }
}
