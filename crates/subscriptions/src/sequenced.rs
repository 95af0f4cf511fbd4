//! A state that sends events about its changes: in the order of the changes, and never while its lock is held.

use std::{collections::VecDeque, sync::Mutex};

use crate::lock::lock;

/// A state behind a lock, and the events about its changes that have not been sent yet.
pub(crate) struct Sequenced<S, E> {
    state: Mutex<(S, VecDeque<E>)>,
    /// Held while sending, so that no event overtakes another.
    sending: Mutex<()>,
    send: Box<dyn Fn(E) + Send + Sync>,
}

impl<S: Default, E> Sequenced<S, E> {
    /// Makes a state whose events are passed to `send`. `send` must not call [`change`](Self::change), which would
    /// deadlock.
    pub(crate) fn new(send: impl Fn(E) + Send + Sync + 'static) -> Self {
        Self { state: Mutex::default(), sending: Mutex::default(), send: Box::new(send) }
    }

    /// Changes the state under its lock, and then, without that lock, sends the events that `change` has queued. They
    /// have been sent when this returns, and so has every event queued before them.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut S, &mut VecDeque<E>) -> R) -> R {
        let result = {
            let (state, events) = &mut *lock(&self.state);
            change(state, events)
        };
        let _one_at_a_time = lock(&self.sending);
        while let Some(event) = self.next() {
            (self.send)(event);
        }
        result
    }

    /// Reads the state under its lock.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&S) -> R) -> R {
        read(&lock(&self.state).0)
    }

    fn next(&self) -> Option<E> {
        lock(&self.state).1.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::*;

    #[test]
    fn events_are_sent_in_the_order_of_the_changes() {
        let (sender, receiver) = mpsc::channel();
        let counter: Arc<Sequenced<u32, u32>> = Arc::new(Sequenced::new(move |event| sender.send(event).unwrap()));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let counter = Arc::clone(&counter);
                thread::spawn(move || {
                    for _ in 0..1_000 {
                        counter.change(|count, events| {
                            *count += 1;
                            events.push_back(*count);
                        });
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(counter.read(|count| *count), 4_000);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), (1..=4_000).collect::<Vec<_>>());
    }

    #[test]
    fn the_state_is_unlocked_while_events_are_sent() {
        let (sender, receiver) = mpsc::channel::<mpsc::Sender<()>>();
        let state: Arc<Sequenced<bool, ()>> = Arc::new(Sequenced::new(move |()| {
            let (done, is_done) = mpsc::channel();
            sender.send(done).unwrap();
            is_done.recv().unwrap();
        }));
        let changing = {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                state.change(|changed, events| {
                    *changed = true;
                    events.push_back(());
                });
            })
        };
        let sending = receiver.recv().unwrap();
        assert!(state.read(|changed| *changed));
        sending.send(()).unwrap();
        changing.join().unwrap();
    }
}
