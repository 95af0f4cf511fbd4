//! Ids in the paths of requests.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use boardwire_protocol::{AttachmentId, BoardId, Code, TaskId, UserId};
use boardwire_services::ServiceError;

use crate::problem::Problem;

/// The only id in the path of a request. Text that can't be an id is answered like an id that does not exist.
///
/// Extract it after the caller: an unknown caller must not learn what exists.
pub(crate) struct PathId<T>(pub(crate) T);

/// An id that may appear in a path.
pub(crate) trait InPath: for<'a> TryFrom<&'a str> {
    /// Returns the answer to an id that does not exist.
    fn not_found() -> Problem;
}

impl InPath for BoardId {
    fn not_found() -> Problem {
        ServiceError::NotFound("board").into()
    }
}

impl InPath for TaskId {
    fn not_found() -> Problem {
        ServiceError::NotFound("task").into()
    }
}

impl InPath for AttachmentId {
    fn not_found() -> Problem {
        ServiceError::NotFound("attachment").into()
    }
}

impl InPath for UserId {
    fn not_found() -> Problem {
        Problem::new(Code::NotFound, "there is no user of this id")
    }
}

impl<T: InPath, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        path.and_then(|Path(id)| T::try_from(&id).ok()).map(Self).ok_or_else(T::not_found)
    }
}
