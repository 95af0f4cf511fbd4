//! A middleware that counts HTTP requests, for any server made of tower services. The functions passed to it decide
//! which key a request counts for and how much it weighs. The header fields of responses are in `fields.rs`.

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

/// Counts each request for its key. A request that is refused does not reach the service: the response is 429 with an
/// empty body and `Retry-After` (whole seconds, rounded up, so that waiting that long is enough).
///
/// That response and those of the service carry the state of the key's limits, in the fields of the IETF draft
/// [RateLimit header fields for HTTP](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/):
///
/// ```text
/// RateLimit-Policy: "window";q=100;w=60, "burst";q=10;w=1
/// RateLimit: "burst";r=7;t=1
/// ```
///
/// `q` is the most weight in any `w` seconds; `r` is what the binding limit has left, and `t` the seconds until it has
/// more. The older fields `RateLimit-Limit`, `-Remaining` and `-Reset` are not sent: they can describe only one limit, and
/// servers differ in whether `-Reset` is a duration or a date.
///
/// A refused request's body is not read.
pub struct RateLimitLayer<K> {
    rules: Rules<K>,
}

/// The service made by [`RateLimitLayer`].
pub struct RateLimitService<S, K> {
    inner: S,
    rules: Arc<Rules<K>>,
}

type RequestFn<T> = dyn Fn(&Parts) -> T + Send + Sync;

struct Rules<K> {
    limiter: Arc<RateLimiter<K>>,
    key: Arc<RequestFn<Option<K>>>,
    weight: Arc<RequestFn<u32>>,
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    fields: LimitFields,
}

impl<K: Hash + Eq + Clone> RateLimitLayer<K> {
    /// Creates a layer that counts each request as one call of the key that `key` returns. A request for which it
    /// returns `None` is not counted.
    ///
    /// If the same limiter is used elsewhere too, all calls of a key are counted together.
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

    /// Sets the weight of a request, in place of 1; see [`Weights`](crate::Weights).
    #[must_use]
    pub fn with_weight(mut self, weight: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
        self.rules.weight = Arc::new(weight);
        self
    }

    /// Sets another monotonic clock in place of [`Instant::now`], for tests. Everything that uses the limiter must use
    /// the same clock.
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
    /// The future of a response: the service's, or a refusal.
    pub struct RateLimitFuture<F> {
        // `None`: the request was refused.
        #[pin]
        inner: Option<F>,
        // `None`: the request has no key.
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
            Some(Ok(info)) => this.fields.append(info, response.headers_mut()),
            Some(Err(refused)) => {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                this.fields.append(&refused.info, response.headers_mut());
                fields::insert_retry_after(refused.retry_after, response.headers_mut());
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

// Not derived, because that would require `K: Clone`.
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
