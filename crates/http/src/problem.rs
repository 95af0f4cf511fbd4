//! Errors over HTTP: `application/problem+json` (RFC 9457) with the contract's code, and its status. No other module
//! maps codes to statuses.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use boardwire_gate::AuthenticationError;
use boardwire_protocol::{Code, ErrorBody, Violation};
use boardwire_services::{ServiceError, storage::StorageError};
use serde::Serialize;

/// A refusal, with its status if that does not follow from the code.
#[derive(Debug)]
pub(crate) struct Problem(ErrorBody, Option<StatusCode>);

/// The first four fields are those of RFC 9457, the others those of an error on a socket.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    error: &'a ErrorBody,
}

impl From<ErrorBody> for Problem {
    fn from(body: ErrorBody) -> Self {
        Self(body, None)
    }
}

impl From<AuthenticationError> for Problem {
    fn from(denied: AuthenticationError) -> Self {
        denied.body().into()
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        ErrorBody::from(error).into()
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        ServiceError::from(error).into()
    }
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        ErrorBody::new(code, message).into()
    }

    /// Returns the problem of a request that is invalid at `path`; an empty path means the whole request.
    pub(crate) fn invalid(path: &str, message: impl Into<String>) -> Self {
        ErrorBody::invalid(&[Violation::new(path, message)]).into()
    }

    /// Returns the problem of a header that is not a list of entity tags.
    pub(crate) fn malformed_tags(header: &str) -> Self {
        Self::invalid(header, "must be ETags as this server gave them, such as \"7\", with commas between them; or *")
    }

    /// Returns the same problem with this status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self(self.0, Some(status))
    }

    /// Returns the problem of a path that exists, but not with this method.
    pub(crate) fn wrong_method() -> Self {
        let body = ErrorBody::new(Code::UnknownEvent, "this path has no such method; see the header Allow");
        Self(body, Some(StatusCode::METHOD_NOT_ALLOWED))
    }

    /// Returns the same problem for a client that named a version: a conflict becomes a failed precondition.
    pub(crate) fn with_precondition(self) -> Self {
        let Self(body, status) = self;
        let failed = (body.code == Code::Conflict).then_some(StatusCode::PRECONDITION_FAILED);
        Self(body, failed.or(status))
    }

    /// Returns the problem of a header's condition that does not hold.
    pub(crate) fn failed_precondition(header: &str) -> Self {
        Self::new(Code::Conflict, format!("{header} does not hold for what there is now")).with_precondition()
    }

    /// Returns the problem of a caller that must wait. Only the time to wait is known, not the limits.
    pub(crate) fn wait(wait: std::time::Duration, message: &str) -> Self {
        ErrorBody { retry_after: Some(wait.as_secs_f64()), ..ErrorBody::new(Code::RateLimit, message) }.into()
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::AuthFailed | Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound | Code::UnknownEvent => StatusCode::NOT_FOUND,
        Code::InvalidMessage => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Conflict
        | Code::DependencyCycle
        | Code::WipLimit
        | Code::BoardFull
        | Code::LeaseLost
        | Code::Archived
        | Code::SubscriptionLimit => StatusCode::CONFLICT,
        Code::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimit => StatusCode::TOO_MANY_REQUESTS,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::SocketError => StatusCode::BAD_REQUEST,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(error, other) = self;
        let status = other.unwrap_or_else(|| status(error.code));
        let body = Body {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &error.message,
            error: &error,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = error.retry_after {
            // Rounded up: a client that waits this long is admitted.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.ceil() as u64));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Map, Value, json};

    use super::*;

    /// Returns the status, headers and body of a problem.
    async fn written(problem: Problem) -> Value {
        let response = problem.into_response();
        let mut headers = Map::new();
        for (name, value) in response.headers() {
            headers.insert(name.to_string(), value.to_str().unwrap().into());
        }
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        json!({ "status": status, "headers": headers, "body": serde_json::from_slice::<Value>(&body).unwrap() })
    }

    #[tokio::test]
    async fn every_code_has_its_status_and_body() {
        let mut all = Map::new();
        for code in Code::ALL {
            all.insert(code.as_str().to_owned(), written(Problem::new(*code, "a sentence")).await);
        }
        insta::assert_json_snapshot!("codes", all);
    }

    #[tokio::test]
    async fn other_statuses_paths_and_waits_are_written() {
        let wait = std::time::Duration::from_millis(1500);
        let other_status = Problem::invalid("", "no media type").with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let others = json!({
            "a wrong field": written(Problem::invalid("updates.title", "is too long")).await,
            "a wrong body": written(Problem::invalid("", "is no JSON")).await,
            "another method": written(Problem::wrong_method()).await,
            "a precondition": written(Problem::failed_precondition("If-Match")).await,
            "a version that is gone": written(Problem::new(Code::Conflict, "changed").with_precondition()).await,
            "a wait": written(Problem::wait(wait, "too many logins")).await,
            "another status": written(other_status).await,
        });
        insta::assert_json_snapshot!("others", others);
    }
}
