//! What a task's lease means: whether it is live, and what becomes of the task when it ends.

use boardwire_protocol::{Lease, Timestamp, UserId};

use crate::storage::TaskState;

/// Returns whether a lease has not expired.
pub(crate) fn is_live(lease: &Lease, now: Timestamp) -> bool {
    lease.expires_at > now
}

/// Returns to whom a task is assigned once its lease has ended: an assignment that came with the lease ends too,
/// unless somebody has changed the assignee since.
pub(crate) fn assignee_without_lease<'a>(
    assignee: Option<&'a UserId>,
    lease: &Lease,
    assigned_by_claim: bool,
) -> Option<&'a UserId> {
    assignee.filter(|user| !assigned_by_claim || **user != lease.holder)
}

/// Ends a task's lease and keeps its assignee. Returns `false` if the task has no lease.
pub(crate) fn end_lease(state: &mut TaskState) -> bool {
    state.assigned_by_claim = false;
    state.task.lease.take().is_some()
}
