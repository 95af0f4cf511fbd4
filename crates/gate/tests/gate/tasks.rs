//! Tests of the gate's background tasks, with a clock that fails or stops on demand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Wake, Waker},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use boardwire_auth::{AuthError, Authenticator, Authenticators, Credential, CredentialId, Principal, Refusal};
use boardwire_gate::Charge;
use boardwire_metrics::TransportKind;
use boardwire_protocol::CommandGroup;
use boardwire_services::clock::{Clock as _, SystemClock};
use boardwire_subscriptions::{Frame, Outbox, Socket, SocketKey};
use tokio::{sync::Notify, time::timeout};

use crate::scene::{PATIENCE, SLOW_THREAD, Scene, operator, operator_by};

/// Polls until the condition holds.
async fn until(what: &str, seen: impl Fn() -> bool) {
    let deadline = SystemClock.monotonic() + PATIENCE;
    while !seen() {
        assert!(SystemClock.monotonic() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_is_restarted_after_a_panic() {
    let scene = Scene::new().await;
    scene.clock.panics.store(true, Ordering::SeqCst);
    // No other task reads this clock here.
    until("nothing panicked", || !scene.clock.panics.load(Ordering::SeqCst)).await;
    let before = scene.clock.readings.load(Ordering::SeqCst);
    until("the hub's work ended", || scene.clock.readings.load(Ordering::SeqCst) > before + 2).await;
    assert!(!scene.gate.failed().is_cancelled());
    scene.close().await;
}

/// The queue of a connection that receives nothing.
struct Nowhere;

#[async_trait]
impl Outbox for Nowhere {
    fn push(&self, _: Frame) {}

    async fn ready(&self) -> bool {
        false
    }
}

/// Panics in the first task that wakes it.
#[derive(Default)]
struct PanickingWaker(AtomicBool);

impl Wake for PanickingWaker {
    fn wake(self: Arc<Self>) {
        assert!(self.0.swap(true, Ordering::SeqCst), "provoked by the test");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocations_take_effect_after_a_panic() {
    let scene = Scene::new().await;
    let recheck = Arc::new(Notify::new());
    let socket = Socket::new(SocketKey(1), operator(), Arc::new(Nowhere));
    let guard = scene.gate.watch(socket, Arc::clone(&recheck), TransportKind::Socket);
    let panicking = Arc::new(PanickingWaker::default());
    {
        let mut waiting = std::pin::pin!(recheck.notified());
        let waker = Waker::from(Arc::clone(&panicking));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        scene.change_account().await;
        until("nothing panicked", || panicking.0.load(Ordering::SeqCst)).await;
        // Takes the notification, so that dropping the future does not pass it on.
        waiting.await;
    }
    // The change at which the task was interrupted is not lost, and later ones are seen.
    timeout(PATIENCE, guard.credentials_end()).await.expect("the change is lost");
    scene.change_account().await;
    timeout(PATIENCE, guard.credentials_end()).await.expect("later changes are not seen");
    assert!(!scene.gate.failed().is_cancelled());
    drop(guard);
    scene.close().await;
}

/// Answers slowly for the first token, and accepts all others.
struct SlowAuthenticator {
    asked: Notify,
    released: Notify,
    /// Whether the first token is refused as revoked in the end.
    is_revoked: bool,
}

#[async_trait]
impl Authenticator for SlowAuthenticator {
    async fn authenticate(&self, _: &Credential, _: i64) -> Result<Option<Principal>, AuthError> {
        Ok(None)
    }

    async fn renew(&self, principal: &Principal, _: i64) -> Result<Option<Principal>, AuthError> {
        self.asked.notify_one();
        if has_token(principal, "first") {
            self.released.notified().await;
            if self.is_revoked {
                return Err(Refusal::Revoked.into());
            }
        }
        Ok(Some(principal.clone()))
    }
}

fn has_token(principal: &Principal, token: &str) -> bool {
    principal.credential == CredentialId::Token { id: Some(token.into()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_replaced_during_their_check_no_longer_count() {
    for is_revoked in [false, true] {
        let slow = Arc::new(SlowAuthenticator { asked: Notify::new(), released: Notify::new(), is_revoked });
        let scene = Scene::with_authenticators(Authenticators::new(vec![Arc::clone(&slow) as _])).await;
        let (recheck, socket) = (Arc::new(Notify::new()), Socket::new(SocketKey(1), operator(), Arc::new(Nowhere)));
        let guard = scene.gate.watch(Arc::clone(&socket), Arc::clone(&recheck), TransportKind::Socket);
        recheck.notify_one();
        {
            let mut ends = std::pin::pin!(guard.credentials_end());
            let refreshed = async {
                timeout(PATIENCE, slow.asked.notified()).await.expect("the first token is not checked");
                scene.gate.hub().renew(&socket, operator_by("second"));
                slow.released.notify_one();
                timeout(PATIENCE, slow.asked.notified()).await.expect("the second token is not checked");
            };
            tokio::select! {
                reason = &mut ends => panic!("it ended: {reason}"),
                () = refreshed => {}
            }
            assert!(timeout(Duration::ZERO, ends).await.is_err());
        }
        assert!(has_token(socket.caller().principal(), "second"), "it has the first token again");
        drop(guard);
        scene.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_waits_for_an_operators_overview() {
    let scene = Scene::new().await;
    let (reached, has_reached) = mpsc::channel();
    let (release, released) = mpsc::channel();
    *scene.clock.slow.lock().unwrap() = Some((reached, released));
    let overview = {
        let gate = Arc::clone(&scene.gate);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(gate.overview(&operator())).map(|overview| overview.at).unwrap()
        };
        thread::Builder::new().name(SLOW_THREAD.to_owned()).spawn(run).unwrap()
    };
    tokio::task::spawn_blocking(move || has_reached.recv_timeout(PATIENCE))
        .await
        .unwrap()
        .expect("the clock is not read");
    let gate = Arc::clone(&scene.gate);
    let command =
        tokio::spawn(async move { gate.admit(operator(), Charge::Request(CommandGroup::Query)).await.map(drop) });
    let admitted = timeout(PATIENCE, command).await;
    drop(release);
    admitted.expect("the command waits for the operator").unwrap().unwrap();
    overview.join().unwrap();
    scene.close().await;
}
