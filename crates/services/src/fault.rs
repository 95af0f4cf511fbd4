//! Why something did not happen, and the one place that says how clients are told.

use boardwire_protocol::{Code, ErrorBody, TaskId};
use serde_json::{Value, json};

use crate::{
    clock::{Clock as _, SystemClock},
    storage::StorageError,
};

/// Why a command did not happen. Nothing was changed; only with [`Fault::Storage`] and [`Fault::BrokenOff`] that is not
/// known, and the same request id finds out.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It does not exist, or the caller may not know that it does.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The caller may read it, but not do that.
    #[error("{0}")]
    Forbidden(String),
    /// A field makes no sense here.
    #[error("{path}: {message}")]
    Invalid {
        /// The field.
        path: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Somebody else was faster, or a rule of the board stands against it.
    #[error("{message}")]
    Conflict {
        /// A sentence for people.
        message: String,
        /// The entity as it is now.
        current: Option<Value>,
        /// The fields that clash.
        fields: Vec<&'static str>,
    },
    /// The task waits for others.
    #[error("the task waits for others that are not done: {}", names(.blockers))]
    Blocked {
        /// Those others.
        blockers: Vec<TaskId>,
        /// The task as it is now.
        current: Value,
    },
    /// The fence is not that of a live lease.
    #[error(
        "the lease has expired, was released or was taken over; nothing was changed: claim the task again, or another"
    )]
    LeaseLost {
        /// The task as it is now.
        current: Value,
    },
    /// The request id was used for something else.
    #[error("this request id was used for another request")]
    IdempotencyMismatch,
    /// What blocks what would close a circle.
    #[error("this would close a circle: a task can't wait for itself, also not through others")]
    DependencyCycle,
    /// The column is full.
    #[error("the column holds {0} tasks, which is its limit")]
    WipLimit(u32),
    /// The board is full.
    #[error("the board holds {0} tasks, which is the limit of this server; delete some, or use another board")]
    BoardFull(u32),
    /// The board is too large for one answer.
    #[error(
        "the board's tasks have more than {} MiB, too much for one answer: ask for pages, with a limit of 1 to {limit}",
        .bytes >> 20
    )]
    BoardTooLarge {
        /// What an answer holds.
        bytes: usize,
        /// The most tasks of a page.
        limit: u32,
    },
    /// The board is archived.
    #[error("the board is archived; restore it first")]
    Archived,
    /// Storage could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A result or event could not be written as JSON.
    #[error("can't be written as JSON: {0}")]
    Encoding(#[from] serde_json::Error),
    /// A task of the program ended before its work was done.
    #[error("the work was broken off")]
    BrokenOff,
}

impl Fault {
    /// A field that makes no sense here.
    pub(crate) fn invalid(path: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { path, message: message.into() }
    }

    /// A conflict without an entity to show.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), current: None, fields: Vec::new() }
    }
}

impl From<Fault> for ErrorBody {
    /// Returns what clients are told. What is inside stays inside: it goes to the log, under the id that clients are told.
    fn from(fault: Fault) -> Self {
        let body = |code| ErrorBody::new(code, fault.to_string());
        match &fault {
            Fault::NotFound(_) => body(Code::NotFound),
            Fault::Forbidden(_) => body(Code::Forbidden),
            Fault::Invalid { path, message } => {
                body(Code::InvalidMessage).with_details(json!([{"path": path, "message": message}]))
            }
            Fault::Conflict { current, fields, .. } => {
                let mut details = json!({"fields": fields});
                if let Some(current) = current {
                    details["current"] = current.clone();
                }
                body(Code::Conflict).with_details(details)
            }
            Fault::Blocked { blockers, current } => {
                body(Code::Conflict).with_details(json!({"fields": [], "current": current, "blockedBy": blockers}))
            }
            Fault::LeaseLost { current } => body(Code::LeaseLost).with_details(json!({"current": current})),
            Fault::IdempotencyMismatch => body(Code::IdempotencyMismatch),
            Fault::DependencyCycle => body(Code::DependencyCycle),
            Fault::WipLimit(limit) => body(Code::WipLimit).with_details(json!({"wip_limit": limit})),
            Fault::BoardFull(limit) => body(Code::BoardFull).with_details(json!({"limit": limit})),
            Fault::BoardTooLarge { bytes, .. } => body(Code::PayloadTooLarge).with_details(json!({"bytes": bytes})),
            Fault::Archived => body(Code::Archived),
            Fault::Storage(StorageError::Unavailable(error)) => {
                tracing::warn!(%error, "storage is unavailable");
                ErrorBody::new(Code::Unavailable, "the server can't do this now; try again")
            }
            Fault::Storage(StorageError::Broken(_)) | Fault::Encoding(_) | Fault::BrokenOff => {
                let id = SystemClock.new_uuid().to_string();
                tracing::error!(incident = id, error = ?fault, "internal fault");
                ErrorBody::new(Code::Internal, "a fault of the server").with_details(json!({"id": id}))
            }
        }
    }
}

/// The first few of them, for a sentence.
fn names(tasks: &[TaskId]) -> String {
    const NAMED: usize = 3;
    let more = if tasks.len() > NAMED { ", …" } else { "" };
    tasks.iter().take(NAMED).map(TaskId::as_str).collect::<Vec<_>>().join(", ") + more
}
