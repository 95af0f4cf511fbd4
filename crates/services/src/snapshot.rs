//! A whole board, or a page of it.

use std::collections::HashMap;

use boardwire_protocol::{Dependency, Task, board};

use crate::{
    Caller, ServiceError, access,
    answer::Answer,
    storage::{Store, WantedBoard},
};

/// The most tasks that a page may have.
const MAX_TASKS: u32 = 1_000;
/// The most bytes that the tasks of a page may have, including their dependencies. Some clients accept no message of 4
/// MiB, and the page also has the board's columns and members.
const PAGE_BYTES: usize = 2 << 20;
/// The most bytes that the tasks of a whole board may have, including their dependencies.
const WHOLE_BYTES: usize = 16 << 20;

/// Returns a whole board or, if the query has a limit, a page of it.
pub(crate) async fn get(store: &dyn Store, caller: &Caller, query: board::Get) -> Result<Answer, ServiceError> {
    let board::Get { board_id, limit, after } = query;
    if let Some(limit) = limit.filter(|limit| !(1..=MAX_TASKS).contains(limit)) {
        return Err(ServiceError::invalid("limit", format!("1 to {MAX_TASKS}, got {limit}")));
    }
    if limit.is_none() && after.is_some() {
        return Err(ServiceError::invalid("after", "goes with limit: it says where a page begins"));
    }
    if !access::may_read(store, caller, &board_id).await? {
        return Err(ServiceError::NotFound("board"));
    }
    let bytes = if limit.is_some() { PAGE_BYTES } else { WHOLE_BYTES };
    let part = WantedBoard { board: board_id.clone(), after, limit: limit.unwrap_or(u32::MAX), bytes };
    let mut snapshot = store.snapshot(&part).await?.ok_or(ServiceError::NotFound("board"))?;
    // The role was read before the snapshot; the membership that the snapshot shows is what counts.
    if !caller.is_admin() && !snapshot.members.iter().any(|member| member.user_id == *caller.user()) {
        return Err(ServiceError::NotFound("board"));
    }
    if limit.is_none() {
        if snapshot.next.is_some() {
            return Err(ServiceError::BoardTooLarge { bytes, limit: MAX_TASKS });
        }
        arrange(&mut snapshot);
    }
    Ok(Answer { at: Some((board_id, snapshot.seq)), ..Answer::new(&snapshot)? })
}

/// Puts a whole board into the order in which people look at it: tasks by column and position, dependencies by age.
fn arrange(snapshot: &mut board::Snapshot) {
    let board::Snapshot { columns, tasks, dependencies, .. } = snapshot;
    let order: HashMap<_, _> = columns.iter().enumerate().map(|(index, column)| (&column.id, index)).collect();
    let index = |task: &Task| order.get(&task.column_id).copied();
    tasks.sort_by(|one, other| (index(one), &one.position, &one.id).cmp(&(index(other), &other.position, &other.id)));
    let age = |link: &Dependency| link.created_at;
    // The sort is stable: dependencies of the same age stay in the order of their tasks.
    dependencies.sort_by_key(age);
}
