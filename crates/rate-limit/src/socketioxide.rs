//! Counts the events of Socket.IO sockets: a budget in each socket's extensions, and an extractor that counts against
//! it. The creator of the budget decides which key the socket's events count for.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, Event};
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;

use crate::{RateLimitInfo, RateLimiter, Refused};

/// The limiter and key that the events of a socket are counted against. Everything counted with the same limiter and
/// key, on other sockets or elsewhere, shares one budget.
///
/// Put it into the socket's extensions before any handler is registered:
/// `socket.extensions.insert(SocketBudget::new(limiter, user))`.
#[derive(Clone)]
pub struct SocketBudget {
    check: Arc<dyn Fn(u32, Instant) -> Result<RateLimitInfo, Refused> + Send + Sync>,
    weight: Arc<dyn Fn(&str) -> u32 + Send + Sync>,
    clock: Arc<dyn Fn() -> (Instant, SystemTime) + Send + Sync>,
}

impl SocketBudget {
    /// Creates a budget that counts each event as one call of `key`.
    pub fn new<K>(limiter: Arc<RateLimiter<K>>, key: K) -> Self
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
    {
        let check = move |weight, now| limiter.check(&key, weight, now);
        Self { check: Arc::new(check), weight: Arc::new(|_| 1), clock: Arc::new(clock) }
    }

    /// Sets the weight of an event by its name, in place of 1; see [`Weights`](crate::Weights).
    #[must_use]
    pub fn with_weight(mut self, weight: impl Fn(&str) -> u32 + Send + Sync + 'static) -> Self {
        self.weight = Arc::new(weight);
        self
    }

    /// Sets other clocks, for tests: a monotonic one, which everything that uses the limiter must share, and the wall
    /// clock from which `reset` is computed.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> (Instant, SystemTime) + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl fmt::Debug for SocketBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketBudget").finish_non_exhaustive()
    }
}

/// An argument of a message handler that counts the event. Make it the first argument, or an event that fails to decode
/// is not counted.
///
/// When the event is refused, the handler does not run and the connection stays open. The client gets the
/// following object, in the acknowledgement if it asked for one, otherwise in an `error` event. `retryAfter` is in
/// seconds, rounded up to the millisecond, and `reset` in milliseconds of Unix time:
///
/// ```json
/// {"code": "RATE_LIMIT", "message": "rate limit reached, try again in 0.25 s",
///  "retryAfter": 0.25, "limit": 10, "remaining": 0, "reset": 1767225600250}
/// ```
///
/// Like any other packet, the object is not sent to a client that reads so slowly that its queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted(
    /// The state of the binding limit, with this event counted.
    pub RateLimitInfo,
);

/// Why a handler with [`Admitted`] did not run.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// The limiter refused the event. The client has been informed, if it could be reached.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The socket has no [`SocketBudget`] in its extensions, so its events can't be counted and are not handled.
    #[error("no SocketBudget in the extensions of the socket")]
    NoBudget,
    /// The event has no name that can be read.
    #[error("the event has no name")]
    NoName,
}

impl<A: Adapter> FromMessageParts<A> for Admitted {
    type Error = NotAdmitted;

    fn from_message_parts(
        socket: &Arc<Socket<A>>,
        value: &mut Value,
        acknowledgement: &Option<i64>,
    ) -> Result<Self, NotAdmitted> {
        let budget: SocketBudget = socket.extensions.get().ok_or(NotAdmitted::NoBudget)?;
        let Event(event) =
            Event::from_message_parts(socket, value, acknowledgement).map_err(|_| NotAdmitted::NoName)?;
        let (now, wall) = (budget.clock)();
        match (budget.check)((budget.weight)(&event), now) {
            Ok(info) => Ok(Self(info)),
            Err(refused) => {
                let refusal = Refusal::new(&refused, wall);
                // Fails when the socket is closed or its queue is full. Then the client can't be informed.
                let _ = match acknowledgement {
                    Some(_) => {
                        let Ok(ack) = AckSender::from_message_parts(socket, value, acknowledgement);
                        ack.send(&refusal)
                    }
                    None => socket.emit("error", &refusal),
                };
                Err(refused.into())
            }
        }
    }
}

/// The object sent to the client when an event is refused.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    code: &'static str,
    message: String,
    /// Seconds.
    retry_after: f64,
    limit: u32,
    remaining: u32,
    /// Milliseconds of Unix time.
    reset: u64,
}

impl Refusal {
    fn new(refused: &Refused, wall: SystemTime) -> Self {
        let retry_after = refused.retry_after.as_nanos().div_ceil(1_000_000) as f64 / 1_000.0;
        let since_epoch = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let reset = since_epoch.saturating_add(refused.info.reset).as_nanos().div_ceil(1_000_000);
        Self {
            code: "RATE_LIMIT",
            message: format!("rate limit reached, try again in {retry_after} s"),
            retry_after,
            limit: refused.info.limit,
            remaining: refused.info.remaining,
            reset: u64::try_from(reset).unwrap_or(u64::MAX),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the default for servers that set no clock")]
fn clock() -> (Instant, SystemTime) {
    (Instant::now(), SystemTime::now())
}
