//! Why a command failed, and the error that clients get.

use boardwire_protocol::{Code, ErrorBody, Role, TaskId};
use serde_json::{Value, json};

use crate::{
    clock::{Clock as _, SystemClock},
    storage::StorageError,
};

/// Why a command failed. Nothing was changed, except that after [`ServiceError::Storage`] and
/// [`ServiceError::BrokenOff`] it is unknown whether the change was made: to find out, send it again with the same
/// request id.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or the caller may not know that there is.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The caller is not allowed to do this.
    #[error("{0}")]
    Forbidden(String),
    /// A field is not valid here.
    #[error("{path}: {message}")]
    Invalid {
        /// The path of the field.
        path: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Somebody else has changed the entity in the meantime, or a rule forbids the change.
    #[error("{message}")]
    Conflict {
        /// A message for people.
        message: String,
        /// The entity as it is now.
        current: Option<Value>,
        /// The fields that have changed in the meantime.
        fields: Vec<&'static str>,
    },
    /// Other tasks block the task.
    #[error("the task waits for others that are not done: {}", first_few(.blockers))]
    Blocked {
        /// The tasks that block it.
        blockers: Vec<TaskId>,
        /// The task as it is now.
        current: Value,
    },
    /// The fence does not belong to a live lease.
    #[error(
        "the lease has expired, was released or was taken over; nothing was changed: claim the task again, or another"
    )]
    LeaseLost {
        /// The task as it is now.
        current: Value,
    },
    /// The request id was used for a different request.
    #[error("this request id was used for another request")]
    IdempotencyMismatch,
    /// The dependency would make tasks block each other in a circle.
    #[error("this would close a circle: a task can't wait for itself, also not through others")]
    DependencyCycle,
    /// The column has as many tasks as its limit allows.
    #[error("the column holds {0} tasks, which is its limit")]
    WipLimit(u32),
    /// The board has as many tasks as it may have.
    #[error("the board holds {0} tasks, which is the limit of this server; delete some, or use another board")]
    BoardFull(u32),
    /// The board is too large for one answer.
    #[error(
        "the board's tasks have more than {} MiB, too much for one answer: ask for pages, with a limit of 1 to {limit}",
        .bytes >> 20
    )]
    BoardTooLarge {
        /// The most bytes that the tasks of an answer may have.
        bytes: usize,
        /// The most tasks that a page may have.
        limit: u32,
    },
    /// The board is archived.
    #[error("the board is archived; restore it first")]
    Archived,
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A result or an event could not be encoded as JSON.
    #[error("can't be written as JSON: {0}")]
    Encoding(#[from] serde_json::Error),
    /// The program failed or ended before the work was done.
    #[error("the work was broken off")]
    BrokenOff,
}

impl ServiceError {
    /// Returns an error for a role on the board that is lower than the one needed.
    pub(crate) fn role_too_low(role: Role, needed: Role) -> Self {
        let (role, needed) = (role.name(), needed.name());
        Self::Forbidden(format!("this needs the role {needed} on the board; yours is {role}"))
    }

    /// Returns an error for a field that is not valid here.
    pub(crate) fn invalid(path: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { path, message: message.into() }
    }

    /// Returns a conflict without a current entity.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), current: None, fields: Vec::new() }
    }
}

impl From<ServiceError> for ErrorBody {
    /// Returns the error as clients see it. Internal details go only to the log, with an id that is in the error too.
    fn from(error: ServiceError) -> Self {
        let body = |code| ErrorBody::new(code, error.to_string());
        match &error {
            ServiceError::NotFound(_) => body(Code::NotFound),
            ServiceError::Forbidden(_) => body(Code::Forbidden),
            ServiceError::Invalid { path, message } => {
                body(Code::InvalidMessage).with_details(json!([{"path": path, "message": message}]))
            }
            ServiceError::Conflict { current, fields, .. } => {
                let mut details = json!({"fields": fields});
                if let Some(current) = current {
                    details["current"] = current.clone();
                }
                body(Code::Conflict).with_details(details)
            }
            ServiceError::Blocked { blockers, current } => {
                body(Code::Conflict).with_details(json!({"fields": [], "current": current, "blockedBy": blockers}))
            }
            ServiceError::LeaseLost { current } => body(Code::LeaseLost).with_details(json!({"current": current})),
            ServiceError::IdempotencyMismatch => body(Code::IdempotencyMismatch),
            ServiceError::DependencyCycle => body(Code::DependencyCycle),
            ServiceError::WipLimit(limit) => body(Code::WipLimit).with_details(json!({"wip_limit": limit})),
            ServiceError::BoardFull(limit) => body(Code::BoardFull).with_details(json!({"limit": limit})),
            ServiceError::BoardTooLarge { bytes, .. } => {
                body(Code::PayloadTooLarge).with_details(json!({"bytes": bytes}))
            }
            ServiceError::Archived => body(Code::Archived),
            ServiceError::Storage(StorageError::Unavailable(error)) => {
                tracing::warn!(%error, "storage is unavailable");
                ErrorBody::new(Code::Unavailable, "the server can't do this now; try again")
            }
            ServiceError::Storage(StorageError::Broken(_)) | ServiceError::Encoding(_) | ServiceError::BrokenOff => {
                let id = SystemClock.new_uuid().to_string();
                tracing::error!(incident = id, error = ?error, "internal fault");
                ErrorBody::new(Code::Internal, "a fault of the server").with_details(json!({"id": id}))
            }
        }
    }
}

/// Returns the first few task ids, for a message.
fn first_few(tasks: &[TaskId]) -> String {
    const MAX_SHOWN: usize = 3;
    let more = if tasks.len() > MAX_SHOWN { ", …" } else { "" };
    tasks.iter().take(MAX_SHOWN).map(TaskId::as_str).collect::<Vec<_>>().join(", ") + more
}
