//! Tests of the flusher with connections that panic.

use std::sync::atomic::AtomicUsize;

use boardwire_protocol::EventKind;
use serde_json::value::RawValue;

use super::*;

/// A connection that either panics at its first frame or accepts every frame.
struct TestWire {
    panics: AtomicBool,
    taken: Arc<AtomicUsize>,
    arrival: Arc<Notify>,
}

impl Wire for TestWire {
    fn send(&self, _: &Outgoing) -> Sent {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "provoked by the test");
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.arrival.notify_one();
        Sent::Yes
    }

    fn bytes_sent(&self) -> u64 {
        0
    }

    fn dismiss(&self) -> bool {
        true
    }

    fn hang_up(&self) {}
}

fn frame() -> Frame {
    Frame::Ephemeral(EventKind::ServerClosing, Arc::from(RawValue::NULL.to_owned()))
}

#[tokio::test]
async fn a_panic_in_the_flusher_loses_no_queue() {
    let (flusher, stop, arrival) = (Arc::new(Flusher::default()), CancellationToken::new(), Arc::new(Notify::new()));
    let connect = |panics: bool| {
        let taken = Arc::new(AtomicUsize::new(0));
        let (panics, counted) = (AtomicBool::new(panics), Arc::clone(&taken));
        let wire = TestWire { panics, taken: counted, arrival: Arc::clone(&arrival) };
        (SharedOutbox(SocketOutbox::new(wire, stop.child_token(), Arc::clone(&flusher))), taken)
    };
    let ((first, first_taken), (second, taken)) = (connect(true), connect(false));
    let arrived = async |taken: &AtomicUsize, count| {
        let wait = async {
            while taken.load(Ordering::SeqCst) < count {
                arrival.notified().await;
            }
        };
        timeout(Duration::from_secs(60), wait).await.expect("a queued frame was not sent");
    };
    first.push(frame());
    second.push(frame());
    let (task, ending) = (Arc::clone(&flusher), stop.clone());
    let run = move || Arc::clone(&task).run(ending.clone());
    let running = tokio::spawn(boardwire_gate::supervise("test", boardwire_gate::Need::Helpful, stop.clone(), run));
    arrived(&taken, 1).await;
    // Both can be listed again; the frame that the panic interrupted is sent with the next one.
    first.push(frame());
    second.push(frame());
    arrived(&first_taken, 2).await;
    arrived(&taken, 2).await;
    stop.cancel();
    running.await.expect("it stops");
}
