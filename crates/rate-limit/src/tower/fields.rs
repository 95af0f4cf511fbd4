//! The header fields that show a client its limits, as in draft-ietf-httpapi-ratelimit-headers-10 and RFC 9110.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use crate::{Quota, RateLimitInfo};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The largest integer of a structured field (RFC 9651).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// Writes the header fields `RateLimit` and `RateLimit-Policy` of one quota.
#[derive(Debug, Clone)]
pub struct LimitFields {
    quota: Quota,
    /// The value of `RateLimit-Policy`.
    policy: HeaderValue,
}

impl LimitFields {
    /// Creates the fields of this quota.
    pub fn of(quota: Quota) -> Self {
        let Quota { window, max_requests, burst_window, burst } = quota;
        let (window, burst_window) = (seconds(window), seconds(burst_window));
        let policy = format!(r#""window";q={max_requests};w={window}, "burst";q={burst};w={burst_window}"#);
        Self { quota, policy: ascii(policy) }
    }

    /// Appends the policies and the state of the binding limit. Both fields are lists: values of another limiter that
    /// are there already stay.
    pub fn append(&self, info: &RateLimitInfo, headers: &mut HeaderMap) {
        let name = if self.burst_binds(info) { "burst" } else { "window" };
        let state = format!(r#""{name}";r={};t={}"#, info.remaining, seconds(info.reset));
        headers.append(RATE_LIMIT_POLICY, self.policy.clone());
        headers.append(RATE_LIMIT, ascii(state));
    }

    /// Appends the policies and the state of the binding limit.
    #[deprecated(since = "0.1.0", note = "renamed to `append`")]
    pub fn tell(&self, info: &RateLimitInfo, headers: &mut HeaderMap) {
        self.append(info, headers);
    }

    /// Returns whether the burst limit is the one that `info` is about. Of two equal limits the one with the longer
    /// window binds.
    fn burst_binds(&self, info: &RateLimitInfo) -> bool {
        let Quota { window, max_requests, burst_window, burst } = self.quota;
        if burst == max_requests { burst_window > window } else { info.limit == burst }
    }
}

/// Sets `Retry-After`.
pub(super) fn insert_retry_after(wait: Duration, headers: &mut HeaderMap) {
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
}

/// Returns whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).min(MAX_INTEGER)
}

fn ascii(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("digits, letters and punctuation")
}
