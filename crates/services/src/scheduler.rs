//! Chooses which task somebody should work on next, and says why. Leasing the task is up to `lease`.

use std::cmp::Reverse;

use boardwire_protocol::{Column, ColumnId, Status, Tags, TaskId, Timestamp, UserId, lease};
use jiff::{
    civil::{Date, Time},
    tz::Offset,
};

use crate::{
    ServiceError,
    lease_state::{assignee_without_lease, is_live},
    storage::{BoardWorkload, TaskCandidate},
};

/// The criteria by which a task is chosen.
pub(crate) struct Criteria<'a> {
    /// The user who wants to work on it.
    pub(crate) user: &'a UserId,
    /// Tags, all of which it must have.
    pub(crate) tags: Option<&'a Tags>,
    /// The column that it must be in.
    pub(crate) column: Option<&'a ColumnId>,
    /// The current time.
    pub(crate) now: Timestamp,
}

/// A task that the user could claim.
struct Eligible<'a> {
    task: &'a TaskCandidate,
    /// Whether it is assigned to the user.
    own: bool,
}

impl Eligible<'_> {
    /// Returns the sort key: the task with the lowest is chosen; of equals, the first on the board.
    fn rank(&self) -> (bool, Reverse<u8>, i64) {
        (!self.own, Reverse(self.task.priority), self.task.due_date.as_deref().map_or(i64::MAX, due))
    }
}

/// Chooses a task: the user's own first, then by priority, due date, column and position.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if the column is not on the board.
pub(crate) fn choose(
    workload: &BoardWorkload,
    criteria: &Criteria<'_>,
) -> Result<(Option<TaskId>, lease::Choice), ServiceError> {
    if criteria.column.is_some_and(|id| !workload.columns.iter().any(|column| column.id == *id)) {
        return Err(ServiceError::NotFound("column"));
    }
    let mut skipped = lease::Skipped::default();
    let mut eligible = Vec::new();
    let is_in_column = |task: &&TaskCandidate| criteria.column.is_none_or(|column| task.column_id == *column);
    for task in workload.candidates.iter().filter(is_in_column) {
        let assignee = match &task.lease {
            Some(lease) if !is_live(lease, criteria.now) => {
                assignee_without_lease(task.assignee.as_ref(), lease, task.assigned_by_claim)
            }
            _ => task.assignee.as_ref(),
        };
        let own = assignee == Some(criteria.user);
        let has_all = |tags: &Tags| tags.iter().all(|tag| task.tags.iter().any(|other| other == tag));
        let counter = if !criteria.tags.is_none_or(has_all) {
            &mut skipped.tags
        } else if task.lease.as_ref().is_some_and(|lease| is_live(lease, criteria.now)) {
            &mut skipped.leased
        } else if assignee.is_some() && !own {
            &mut skipped.assigned_to_others
        } else if task.status == Status::Blocked || task.blockers > 0 {
            &mut skipped.blocked
        } else if is_full(workload, working_column(&workload.columns, &task.column_id)) {
            &mut skipped.wip_limit
        } else {
            eligible.push(Eligible { task, own });
            continue;
        };
        *counter += 1;
    }
    let chosen = eligible.iter().min_by_key(|eligible| eligible.rank());
    let reasons = match chosen {
        Some(chosen) => reasons(chosen, &eligible),
        None => vec!["there is no task that could be claimed now".to_owned()],
    };
    let task = chosen.map(|chosen| chosen.task.id.clone());
    Ok((task, lease::Choice { reasons, candidates: eligible.len() as u64, skipped }))
}

/// Returns the column that a task in `column` moves to when somebody begins to work on it: the board's first column for
/// tasks in progress. `None`: the task stays where it is, because its column is one of those, or because there is none.
pub(crate) fn working_column<'a>(columns: &'a [Column], column: &ColumnId) -> Option<&'a Column> {
    let in_progress = |column: &&Column| column.status == Some(Status::InProgress);
    let there_already = columns.iter().filter(in_progress).any(|candidate| candidate.id == *column);
    columns.iter().find(in_progress).filter(|_| !there_already)
}

/// Returns whether the column holds as many tasks as it may.
fn is_full(workload: &BoardWorkload, column: Option<&Column>) -> bool {
    column.is_some_and(|column| {
        let count = workload.task_counts.get(&column.id).copied().unwrap_or(0);
        column.wip_limit.is_some_and(|limit| count >= u64::from(limit))
    })
}

/// Returns why a task was chosen, in short phrases for people.
fn reasons(chosen: &Eligible<'_>, eligible: &[Eligible<'_>]) -> Vec<String> {
    let TaskCandidate { priority, due_date, blocks, status, .. } = chosen.task;
    let mut reasons = Vec::new();
    if chosen.own {
        reasons.push("assigned to you".to_owned());
    }
    let others = || eligible.iter().filter(|other| other.task.id != chosen.task.id);
    if eligible.len() == 1 {
        reasons.push("the only candidate".to_owned());
    } else if others().all(|other| other.task.priority < *priority) {
        reasons.push(format!("priority {priority} is the highest of {} candidates", eligible.len()));
    } else if others().all(|other| other.task.priority <= *priority) {
        reasons.push(format!("none of {} candidates has a higher priority than {priority}", eligible.len()));
    }
    if let Some(due) = due_date {
        reasons.push(format!("due {due}"));
    }
    match blocks {
        0 => {}
        1 => reasons.push("unblocks 1 task".to_owned()),
        more => reasons.push(format!("unblocks {more} tasks")),
    }
    if *status == Status::InProgress {
        reasons.push("was begun before".to_owned());
    }
    reasons
}

/// Returns when a task is due, in milliseconds since 1970 UTC. A date is due at its end; other text is never due.
fn due(text: &str) -> i64 {
    let end_of = |date: Date| Offset::UTC.to_timestamp(date.tomorrow()?.to_datetime(Time::midnight()));
    text.parse::<jiff::Timestamp>()
        .or_else(|_| text.parse::<Date>().and_then(end_of))
        .map_or(i64::MAX, jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_due_at_its_end() {
        assert!(due("2026-08-31T23:59:59Z") < due("2026-08-31"));
        assert!(due("2026-08-31") <= due("2026-09-01T00:00:00Z"));
        assert!(due("2026-08-31T01:00:00+02:00") < due("2026-08-31T00:00:00Z"));
    }
}
