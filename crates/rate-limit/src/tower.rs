//! A middleware that counts HTTP requests, for any server made of tower services. Who is asking and what a request
//! weighs is decided by functions that are given to it; the answers' fields are in `fields.rs`.

mod fields;

use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{RateLimitInfo, RateLimiter, Refused};
pub use fields::LimitFields;

/// Counts each request for its key and answers those that are refused, so that the service does not see them.
///
/// A refused request is answered 429 with an empty body and `Retry-After` (whole seconds, rounded up: waiting as told is
/// enough). That answer and the service's own answers say how it stands with the key, in the fields of the IETF draft
/// [RateLimit header fields for HTTP](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/):
///
/// ```text
/// RateLimit-Policy: "window";q=100;w=60, "burst";q=10;w=1
/// RateLimit: "burst";r=7;t=1
/// ```
///
/// `q` is the most weight in any `w` seconds; `r` is what the limit that binds has left, and `t` the seconds until it
/// frees some. The older `RateLimit-Limit`, `-Remaining` and `-Reset` are not sent: they have room for one limit, and
/// whether their reset is a duration or a date depends on whom one asks.
///
/// A request whose body is large is refused before any of it is read.
pub struct RateLimitLayer<K> {
    rules: Rules<K>,
}

/// The service made by [`RateLimitLayer`].
pub struct RateLimitService<S, K> {
    inner: S,
    rules: Arc<Rules<K>>,
}

type OfRequest<T> = dyn Fn(&Parts) -> T + Send + Sync;

struct Rules<K> {
    limiter: Arc<RateLimiter<K>>,
    key: Arc<OfRequest<Option<K>>>,
    weight: Arc<OfRequest<u32>>,
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    fields: LimitFields,
}

impl<K: Hash + Eq + Clone> RateLimitLayer<K> {
    /// Counts each request as one call of the key that `key` finds in it. A request without a key passes uncounted.
    ///
    /// The same limiter may serve other doors too; the budget of a key is then one for all of them.
    pub fn new(limiter: Arc<RateLimiter<K>>, key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static) -> Self {
        let fields = LimitFields::of(limiter.quota());
        Self {
            rules: Rules {
                limiter,
                key: Arc::new(key),
                weight: Arc::new(|_| 1),
                clock: Arc::new(Instant::now),
                fields,
            },
        }
    }

    /// What a request weighs, in place of 1: look its class up in [`Weights`](crate::Weights), for instance.
    #[must_use]
    pub fn with_weight(mut self, weight: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
        self.rules.weight = Arc::new(weight);
        self
    }

    /// Another monotonic clock in place of [`Instant::now`], for tests. All that use the limiter must use the same.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.rules.clock = Arc::new(clock);
        self
    }
}

impl<S, K> Layer<S> for RateLimitLayer<K> {
    type Service = RateLimitService<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimitService { inner, rules: Arc::new(self.rules.clone()) }
    }
}

impl<S, K, B, R> Service<Request<B>> for RateLimitService<S, K>
where
    S: Service<Request<B>, Response = Response<R>>,
    K: Hash + Eq + Clone,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RateLimitFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let verdict = self.rules.check(&parts);
        let refused = matches!(verdict, Some(Err(_)));
        let inner = (!refused).then(|| self.inner.call(Request::from_parts(parts, body)));
        RateLimitFuture { inner, verdict, fields: self.rules.fields.clone() }
    }
}

pin_project! {
    /// The answer to come: the service's, or a refusal.
    pub struct RateLimitFuture<F> {
        // None: refused.
        #[pin]
        inner: Option<F>,
        // None: not counted.
        verdict: Option<Result<RateLimitInfo, Refused>>,
        fields: LimitFields,
    }
}

impl<F, R, E> Future for RateLimitFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.inner.as_pin_mut() {
            Some(inner) => ready!(inner.poll(context))?,
            None => Response::new(R::default()),
        };
        match this.verdict {
            Some(Ok(info)) => this.fields.tell(info, response.headers_mut()),
            Some(Err(refused)) => {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                this.fields.tell(&refused.info, response.headers_mut());
                fields::retry_after(refused.retry_after, response.headers_mut());
            }
            None => {}
        }
        Poll::Ready(Ok(response))
    }
}

impl<K: Hash + Eq + Clone> Rules<K> {
    fn check(&self, parts: &Parts) -> Option<Result<RateLimitInfo, Refused>> {
        let key = (self.key)(parts)?;
        Some(self.limiter.check(&key, (self.weight)(parts), (self.clock)()))
    }
}

// By hand, as deriving would ask the same of `K`.
impl<K> Clone for Rules<K> {
    fn clone(&self) -> Self {
        let Self { limiter, key, weight, clock, fields } = self;
        Self {
            limiter: Arc::clone(limiter),
            key: Arc::clone(key),
            weight: Arc::clone(weight),
            clock: Arc::clone(clock),
            fields: fields.clone(),
        }
    }
}

impl<K> Clone for RateLimitLayer<K> {
    fn clone(&self) -> Self {
        Self { rules: self.rules.clone() }
    }
}

impl<S: Clone, K> Clone for RateLimitService<S, K> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), rules: Arc::clone(&self.rules) }
    }
}

impl<K> fmt::Debug for RateLimitLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer").field("fields", &self.rules.fields).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, K> fmt::Debug for RateLimitService<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = &self.rules.fields;
        f.debug_struct("RateLimitService").field("inner", &self.inner).field("fields", fields).finish_non_exhaustive()
    }
}
