//! Leases: a user claims a task, and nobody else works on it until the lease is released, taken away or expires. Each
//! lease of a task has a higher fence than all earlier ones, so that a change under an old lease is recognized by its
//! fence.
//!
//! Whether a lease is live depends only on its `expires_at` and the time of the unit of work. An expired lease stays
//! stored until the next claim of the task, [`expire`], or another change ends it.

use std::collections::HashSet;

use boardwire_protocol::{
    AgentName, Event, Lease, NotificationKind, Role, Status, Task, TaskId, Timestamp, Ttl, UserId, data, lease, task,
};
use serde_json::to_value;

use crate::{
    ChangeOutcome, ServiceError,
    edit::{Archived, BoardEdit},
    lease_state::{assignee_without_lease, is_live},
    scheduler::{self, Criteria, working_column},
    storage::TaskState,
    task_order::Neighbours,
    unit::{Execute, Unit},
};

/// How many tasks one statement reads or writes when the leases of users end.
const RELEASE_CHUNK: usize = 500;

impl Execute for lease::Claim {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board(&self.board_id, Role::Member, Archived::Refused).await?;
        let (chosen, why) = match &self.task_id {
            Some(_) if self.tags.is_some() || self.column_id.is_some() => {
                return Err(ServiceError::invalid("taskId", "names the task: tags and columnId must be left out"));
            }
            Some(id) => {
                let reasons = vec!["asked for by its id".to_owned()];
                let why = lease::Choice { reasons, candidates: 1, skipped: lease::Skipped::default() };
                (Some(edit.claimable(id).await?), why)
            }
            None => {
                let workload = edit.tx().workload(&self.board_id).await?.ok_or(ServiceError::NotFound("board"))?;
                let (tags, column) = (self.tags.as_ref(), self.column_id.as_ref());
                let criteria = Criteria { user: edit.caller().user(), tags, column, now: edit.now() };
                match scheduler::choose(&workload, &criteria)? {
                    (Some(id), why) => (Some(edit.task(&id).await?), why),
                    (None, why) => (None, why),
                }
            }
        };
        let Some(mut state) = chosen else { return edit.finish(&lease::Chosen { task: None, why }).await };
        let from_column = state.task.column_id.clone();
        edit.lease_to_caller(&mut state, self.ttl.unwrap_or_default(), self.agent).await?;
        edit.tx().save_task(&state).await?;
        edit.record(Event::TaskClaimed(data::TaskClaimed {
            task: state.task.clone(),
            claimed_by: edit.actor(),
            from_column,
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&lease::Chosen { task: Some(state.task), why }).await
    }
}

impl Execute for lease::Renew {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        edit.require_lease(&state, Some(self.fence))?;
        let expires_at = expiry(edit.now(), self.ttl.unwrap_or_default());
        state.task.lease = state.task.lease.map(|lease| Lease { expires_at, ..lease });
        edit.touch(&mut state, &["lease"]);
        edit.tx().save_task(&state).await?;
        edit.record(Event::TaskRenewed(data::TaskRenewed {
            task: state.task.clone(),
            renewed_by: edit.actor(),
            board_id: edit.id().clone(),
        }))
        .await?;
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

impl Execute for lease::Release {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let mut edit = unit.board_of(&self.task_id).await?;
        let mut state = edit.task(&self.task_id).await?;
        edit.require_lease(&state, self.fence)?;
        if let Some(lease) = end_claim(&edit, &mut state) {
            edit.tx().save_task(&state).await?;
            edit.notify(&lease.holder, NotificationKind::Task, &state.task, "released from you").await?;
            let event = released_event_by_actor(&edit, &state.task, lease);
            edit.record(event).await?;
        }
        edit.finish(&task::TaskResult { task: state.task }).await
    }
}

/// Ends the lease of a task if it has expired.
pub(crate) async fn expire(unit: &mut Unit<'_>, id: &TaskId) -> Result<ChangeOutcome, ServiceError> {
    let board = unit.tx.board_of_task(id).await?.ok_or(ServiceError::NotFound("task"))?;
    let mut edit = unit.board_unchecked(&board).await?;
    let mut state = edit.task(id).await?;
    let now = edit.now();
    if state.task.lease.as_ref().is_some_and(|lease| !is_live(lease, now))
        && let Some(lease) = end_claim(&edit, &mut state)
    {
        edit.tx().save_task(&state).await?;
        let event = released_event(&edit, &state.task, lease, None);
        edit.record_without_actor(event).await?;
    }
    edit.finish(&()).await
}

/// Ends the lease of a task and the assignment that came with it. Returns the lease, if the task had one.
fn end_claim(edit: &BoardEdit<'_, '_>, state: &mut TaskState) -> Option<Lease> {
    let lease = state.task.lease.take()?;
    let assignee = assignee_without_lease(state.task.assignee.as_ref(), &lease, state.assigned_by_claim).cloned();
    state.assigned_by_claim = false;
    let fields: &[_] = if assignee == state.task.assignee { &["lease"] } else { &["lease", "assignee"] };
    state.task.assignee = assignee;
    edit.touch(state, fields);
    Some(lease)
}

/// Returns the event that says that a lease has ended. `by` is the user who ended it; `None` if it expired.
fn released_event(edit: &BoardEdit<'_, '_>, task: &Task, lease: Lease, by: Option<UserId>) -> Event {
    Event::TaskReleased(data::TaskReleased {
        task: task.clone(),
        holder: lease.holder,
        expired: by.is_none(),
        released_by: by,
        board_id: edit.id().clone(),
    })
}

/// Returns the event for a lease that the actor has ended. If the lease had already expired, the event names no user.
fn released_event_by_actor(edit: &BoardEdit<'_, '_>, task: &Task, lease: Lease) -> Event {
    let by = is_live(&lease, edit.now()).then(|| edit.actor());
    released_event(edit, task, lease, by)
}

fn expiry(now: Timestamp, ttl: Ttl) -> Timestamp {
    Timestamp(now.0 + ttl.as_millis())
}

impl BoardEdit<'_, '_> {
    /// Checks that `fence`, if given, is the fence of the task's live lease.
    pub(crate) fn require_lease(&self, state: &TaskState, fence: Option<u64>) -> Result<(), ServiceError> {
        let Some(fence) = fence else { return Ok(()) };
        let live = state.task.lease.as_ref().filter(|lease| is_live(lease, self.now()));
        if live.is_some_and(|lease| lease.fence == fence) {
            return Ok(());
        }
        Err(ServiceError::LeaseLost { current: to_value(&state.task)? })
    }

    /// Ends the leases that these users have on this board, because they may not change its tasks any more.
    pub(crate) async fn end_leases_of(&mut self, users: &[UserId]) -> Result<(), ServiceError> {
        let (board, users): (_, HashSet<_>) = (self.id().clone(), users.iter().collect());
        let leases = self.tx().leases_on(&board).await?;
        let held: Vec<_> =
            leases.into_iter().filter(|(_, holder)| users.contains(holder)).map(|(task, _)| task).collect();
        for part in held.chunks(RELEASE_CHUNK) {
            let mut states = self.tx().tasks(part).await?;
            let mut events = Vec::with_capacity(states.len());
            for state in &mut states {
                if let Some(lease) = end_claim(self, state) {
                    events.push(released_event_by_actor(self, &state.task, lease));
                }
            }
            self.tx().release_tasks(&states).await?;
            self.record_side_effects(events).await?;
        }
        Ok(())
    }

    /// Returns a task of this board if the caller may claim it, even if other tasks would be chosen first.
    async fn claimable(&mut self, id: &TaskId) -> Result<TaskState, ServiceError> {
        let state = self.task(id).await?;
        let task = &state.task;
        let refused = |message: String, field| {
            Ok::<_, ServiceError>(ServiceError::Conflict {
                message,
                current: Some(to_value(task)?),
                fields: vec![field],
            })
        };
        let mut assignee = task.assignee.as_ref();
        if let Some(lease) = &task.lease {
            if is_live(lease, self.now()) {
                let message = format!("{} holds the task until {}", lease.holder, lease.expires_at);
                return Err(refused(message, "lease")?);
            }
            assignee = assignee_without_lease(assignee, lease, state.assigned_by_claim);
        }
        if task.status == Status::Done {
            return Err(refused("the task is done".to_owned(), "status")?);
        }
        if let Some(user) = assignee.filter(|user| *user != self.caller().user()) {
            return Err(refused(format!("the task is assigned to {user}"), "assignee")?);
        }
        let blockers = self.tx().blockers(id).await?;
        if !blockers.is_empty() {
            return Err(ServiceError::Blocked { blockers, current: to_value(task)? });
        }
        if task.status == Status::Blocked {
            return Err(refused("the task is marked as blocked".to_owned(), "status")?);
        }
        Ok(state)
    }

    /// Leases a task to the caller, assigns it, and moves it to the column for tasks in progress.
    async fn lease_to_caller(
        &mut self,
        state: &mut TaskState,
        ttl: Ttl,
        agent: Option<AgentName>,
    ) -> Result<(), ServiceError> {
        let mut fields = vec!["lease"];
        let columns = self.columns().await?;
        if let Some(column) = working_column(&columns, &state.task.column_id) {
            self.require_room_in(column, 1).await?;
            state.task.position = self.position_for(&column.id, &Neighbours::default(), &state.task.id).await?;
            fields.extend(self.put_into(state, column));
        }
        if state.task.status != Status::InProgress {
            state.task.status = Status::InProgress;
            fields.push("status");
        }
        let (actor, now) = (self.actor(), self.now());
        let assignee = state.task.assignee.as_ref();
        let assignee_before = match state.task.lease.take() {
            Some(expired) => assignee_without_lease(assignee, &expired, state.assigned_by_claim),
            None => assignee,
        };
        state.assigned_by_claim = assignee_before != Some(&actor);
        if state.task.assignee.as_ref() != Some(&actor) {
            state.task.assignee = Some(actor.clone());
            fields.push("assignee");
        }
        state.fence += 1;
        state.task.lease = Some(Lease {
            holder: actor,
            agent: agent.map(AgentName::into_string),
            fence: state.fence,
            acquired_at: now,
            expires_at: expiry(now, ttl),
        });
        self.touch(state, &fields);
        Ok(())
    }
}
