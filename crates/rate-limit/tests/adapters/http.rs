//! The HTTP middleware, called directly.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::http::{Request, Response, StatusCode};
use boardwire_rate_limit::{Quota, RateLimitLayer, RateLimiter, Weights};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::test_clock::TestClock;

/// The parts of a response that tell a client about the limit.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    rate_limit: Vec<String>,
    policy: Vec<String>,
    retry_after: Option<String>,
}

impl Answer {
    fn of<B>(response: &Response<B>) -> Self {
        let all =
            |name| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect();
        let retry_after: Vec<_> = all("retry-after");
        Self {
            status: response.status().as_u16(),
            rate_limit: all("ratelimit"),
            policy: all("ratelimit-policy"),
            retry_after: retry_after.into_iter().next(),
        }
    }

    fn new(status: u16, rate_limit: &str, retry_after: Option<&str>) -> Self {
        let policy = vec![r#""window";q=100;w=60, "burst";q=10;w=1"#.to_owned()];
        Self { status, rate_limit: vec![rate_limit.to_owned()], policy, retry_after: retry_after.map(str::to_owned) }
    }
}

/// Counts the calls of the service behind the limit. The bodies of its responses are not empty, unlike the
/// middleware's.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU32>);

impl Calls {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    fn service(
        &self,
    ) -> impl Service<Request<u8>, Response = Response<String>, Error = Infallible, Future: Send> + Clone + use<> {
        let Self(calls) = self.clone();
        service_fn(move |request: Request<u8>| {
            calls.fetch_add(1, Ordering::SeqCst);
            async move { Ok(Response::new(format!("body {}", request.into_body()))) }
        })
    }
}

fn by_user(limiter: Arc<RateLimiter<String>>, clock: &TestClock) -> RateLimitLayer<String> {
    let clock = clock.clone();
    RateLimitLayer::new(limiter, |parts| Some(parts.headers.get("x-user")?.to_str().ok()?.to_owned()))
        .with_clock(move || clock.now())
}

fn request(user: Option<&str>, path: &str) -> Request<u8> {
    let builder = Request::builder().uri(path);
    let builder = user.into_iter().fold(builder, |builder, user| builder.header("x-user", user));
    builder.body(7).unwrap()
}

async fn send<S>(service: &S, user: Option<&str>, path: &str) -> Answer
where
    S: Service<Request<u8>, Response = Response<String>, Error = Infallible> + Clone,
{
    Answer::of(&service.clone().oneshot(request(user, path)).await.unwrap())
}

#[tokio::test]
async fn responses_to_accepted_and_refused_requests_describe_the_binding_limit() {
    let (calls, clock) = (Calls::default(), TestClock::new());
    let service = by_user(Arc::new(RateLimiter::new(Quota::default())), &clock).layer(calls.service());
    for left in (0..10).rev() {
        let expected = Answer::new(200, &format!(r#""burst";r={left};t=1"#), None);
        assert_eq!(send(&service, Some("ada"), "/").await, expected);
    }
    clock.advance(100);
    let refused = service.clone().oneshot(request(Some("ada"), "/")).await.unwrap();
    assert_eq!(Answer::of(&refused), Answer::new(429, r#""burst";r=0;t=1"#, Some("1")));
    assert_eq!((refused.body().as_str(), calls.count()), ("", 10));
    // Waiting for `Retry-After` is enough, and after nine such seconds the limit of the minute binds.
    for _ in 1..10 {
        clock.advance(1_000);
        for _ in 0..10 {
            assert_eq!(send(&service, Some("ada"), "/").await.status, 200);
        }
    }
    clock.advance(1_000);
    // 49.9 s are rounded up to 50.
    assert_eq!(send(&service, Some("ada"), "/").await, Answer::new(429, r#""window";r=0;t=50"#, Some("50")));
    clock.advance(49_900);
    assert_eq!(send(&service, Some("ada"), "/").await.status, 200);
}

#[tokio::test]
async fn requests_without_a_key_are_not_counted_and_get_no_fields() {
    let (calls, clock) = (Calls::default(), TestClock::new());
    let limiter = Arc::new(RateLimiter::new(Quota::default()));
    let service = by_user(Arc::clone(&limiter), &clock).layer(calls.service());
    for _ in 0..200 {
        let passed = service.clone().oneshot(request(None, "/")).await.unwrap();
        assert!(passed.headers().is_empty());
        assert_eq!(passed.body(), "body 7");
    }
    assert!(limiter.is_empty());
    assert_eq!(calls.count(), 200);
}

#[tokio::test]
async fn requests_are_weighted_by_class() {
    let (calls, clock) = (Calls::default(), TestClock::new());
    let weights = Weights::from([("/search", 5), ("/health", 0), ("/export", 11)]);
    let layer = by_user(Arc::new(RateLimiter::new(Quota::default())), &clock);
    let service = layer.with_weight(move |parts| weights.of(parts.uri.path())).layer(calls.service());
    let mut statuses = Vec::new();
    for path in ["/search", "/export", "/search", "/search", "/", "/health"] {
        statuses.push(send(&service, Some("ada"), path).await.status);
    }
    assert_eq!(statuses, [200, 429, 200, 429, 429, 200]);
    assert_eq!(send(&service, Some("bob"), "/").await.status, 200);
    assert_eq!(calls.count(), 4);
}

#[tokio::test]
async fn services_share_a_limiter_and_stacked_limiters_both_add_fields() {
    let (calls, clock) = (Calls::default(), TestClock::new());
    let limiter = Arc::new(RateLimiter::new(Quota { burst: 2, ..Quota::default() }));
    let first_service = by_user(Arc::clone(&limiter), &clock).layer(calls.service());
    let second_service = by_user(limiter, &clock).layer(calls.service());
    assert_eq!(send(&first_service, Some("ada"), "/").await.status, 200);
    assert_eq!(send(&second_service, Some("ada"), "/").await.status, 200);
    assert_eq!(send(&first_service, Some("ada"), "/").await.status, 429);

    let hourly = Quota { window: Duration::from_secs(3_600), max_requests: 5, burst: 5, ..Quota::default() };
    let stacked = by_user(Arc::new(RateLimiter::new(hourly)), &clock).layer(second_service);
    let answer = send(&stacked, Some("bob"), "/").await;
    assert_eq!(answer.rate_limit, [r#""burst";r=1;t=1"#, r#""window";r=4;t=3600"#]);
    assert_eq!(answer.policy[1], r#""window";q=5;w=3600, "burst";q=5;w=1"#);
}

#[tokio::test]
async fn errors_of_the_service_are_passed_on() {
    let clock = TestClock::new();
    let failing = service_fn(async |_: Request<u8>| Err::<Response<String>, _>("down"));
    let service = by_user(Arc::new(RateLimiter::new(Quota::default())), &clock).layer(failing);
    assert_eq!(service.oneshot(request(Some("ada"), "/")).await.unwrap_err(), "down");
}

#[tokio::test]
async fn extreme_quotas_are_written_as_the_fields_allow() {
    let clock = TestClock::new();
    let quota =
        Quota { window: Duration::MAX, max_requests: u32::MAX, burst_window: Duration::from_millis(1), burst: 0 };
    let service = by_user(Arc::new(RateLimiter::new(quota)), &clock).layer(Calls::default().service());
    let answer = send(&service, Some("ada"), "/").await;
    assert_eq!(answer.policy, [r#""window";q=4294967295;w=999999999999999, "burst";q=0;w=1"#]);
    assert_eq!(
        (answer.status, answer.rate_limit),
        (StatusCode::TOO_MANY_REQUESTS.as_u16(), vec![r#""burst";r=0;t=0"#.to_owned()])
    );
}
