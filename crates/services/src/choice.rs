//! Which task comes next for somebody who looks for work, and why. Only looks; taking it is `lease`'s.

use std::cmp::Reverse;

use boardwire_protocol::{Column, ColumnId, Status, Tags, TaskId, Timestamp, UserId, lease};
use jiff::{
    civil::{Date, Time},
    tz::Offset,
};

use crate::{
    Fault,
    lease::{assignee_without_lease, is_live},
    storage::{Outlook, Prospect},
};

/// What is looked for, and by whom.
pub(crate) struct Search<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) tags: Option<&'a Tags>,
    pub(crate) column: Option<&'a ColumnId>,
    pub(crate) now: Timestamp,
}

/// A task that could be had, and what it is weighed by.
struct Candidate<'a> {
    prospect: &'a Prospect,
    own: bool,
}

impl Candidate<'_> {
    /// The lowest comes first; of equals, the first on the board.
    fn weight(&self) -> (bool, Reverse<u8>, i64) {
        (!self.own, Reverse(self.prospect.priority), self.prospect.due_date.as_deref().map_or(i64::MAX, due))
    }
}

/// Chooses a task: the caller's own first, then by priority, due date, column and position.
///
/// # Errors
/// [`Fault::NotFound`] when the column is not on the board.
pub(crate) fn choose(outlook: &Outlook, search: &Search<'_>) -> Result<(Option<TaskId>, lease::Choice), Fault> {
    if search.column.is_some_and(|wanted| !outlook.columns.iter().any(|column| column.id == *wanted)) {
        return Err(Fault::NotFound("column"));
    }
    let mut skipped = lease::Skipped::default();
    let mut candidates = Vec::new();
    let here = |prospect: &&Prospect| search.column.is_none_or(|column| prospect.column_id == *column);
    for prospect in outlook.prospects.iter().filter(here) {
        let assignee = match &prospect.lease {
            Some(lease) if !is_live(lease, search.now) => {
                assignee_without_lease(prospect.assignee.as_ref(), lease, prospect.assigned_by_claim)
            }
            _ => prospect.assignee.as_ref(),
        };
        let own = assignee == Some(search.user);
        let counted = if search.tags.is_some_and(|tags| !tags.iter().all(|tag| prospect.tags.iter().any(|t| t == tag)))
        {
            &mut skipped.tags
        } else if prospect.lease.as_ref().is_some_and(|lease| is_live(lease, search.now)) {
            &mut skipped.leased
        } else if assignee.is_some() && !own {
            &mut skipped.assigned_to_others
        } else if prospect.status == Status::Blocked || prospect.blockers > 0 {
            &mut skipped.blocked
        } else if is_full(outlook, way_from(&outlook.columns, &prospect.column_id)) {
            &mut skipped.wip_limit
        } else {
            candidates.push(Candidate { prospect, own });
            continue;
        };
        *counted += 1;
    }
    let chosen = candidates.iter().min_by_key(|candidate| candidate.weight());
    let reasons = match chosen {
        Some(chosen) => reasons(chosen, &candidates),
        None => vec!["there is no task that could be claimed now".to_owned()],
    };
    let task = chosen.map(|chosen| chosen.prospect.id.clone());
    Ok((task, lease::Choice { reasons, candidates: candidates.len() as u64, skipped }))
}

/// Where somebody who begins a task in this column takes it: to the board's first column for what is being worked on.
/// `None`: it stays where it is.
pub(crate) fn way_from<'a>(columns: &'a [Column], column: &ColumnId) -> Option<&'a Column> {
    let in_progress = |column: &&Column| column.status == Some(Status::InProgress);
    let there_already = columns.iter().filter(in_progress).any(|candidate| candidate.id == *column);
    columns.iter().find(in_progress).filter(|_| !there_already)
}

fn is_full(outlook: &Outlook, column: Option<&Column>) -> bool {
    column.is_some_and(|column| {
        let held = outlook.held.get(&column.id).copied().unwrap_or(0);
        column.wip_limit.is_some_and(|limit| held >= u64::from(limit))
    })
}

fn reasons(chosen: &Candidate<'_>, candidates: &[Candidate<'_>]) -> Vec<String> {
    let Prospect { priority, due_date, blocks, status, .. } = chosen.prospect;
    let mut reasons = Vec::new();
    if chosen.own {
        reasons.push("assigned to you".to_owned());
    }
    let others = || candidates.iter().filter(|other| other.prospect.id != chosen.prospect.id);
    if candidates.len() == 1 {
        reasons.push("the only candidate".to_owned());
    } else if others().all(|other| other.prospect.priority < *priority) {
        reasons.push(format!("priority {priority} is the highest of {} candidates", candidates.len()));
    } else if others().all(|other| other.prospect.priority <= *priority) {
        reasons.push(format!("none of {} candidates has a higher priority than {priority}", candidates.len()));
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

/// When a task is due, in milliseconds since 1970 UTC. A date means its end.
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
