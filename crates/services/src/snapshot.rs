//! A board as a whole, or page by page.

use std::collections::HashMap;

use boardwire_protocol::{Dependency, Task, board};

use crate::{
    Caller, Fault, access,
    query::Answer,
    storage::{Store, WantedBoard},
};

/// Tasks on a page, whatever was asked for.
const MAX_TASKS: u32 = 1_000;
/// What the tasks of a page may have in bytes, with their dependencies. Some clients take no message of 4 MiB, and the
/// board's columns and members come on top.
const PAGE_BYTES: usize = 2 << 20;
/// The same for a whole board.
const WHOLE_BYTES: usize = 16 << 20;

pub(crate) async fn get(store: &dyn Store, caller: &Caller, query: board::Get) -> Result<Answer, Fault> {
    let board::Get { board_id, limit, after } = query;
    if let Some(limit) = limit.filter(|limit| !(1..=MAX_TASKS).contains(limit)) {
        return Err(Fault::invalid("limit", format!("1 to {MAX_TASKS}, got {limit}")));
    }
    if limit.is_none() && after.is_some() {
        return Err(Fault::invalid("after", "goes with limit: it says where a page begins"));
    }
    if !access::may_read(store, caller, &board_id).await? {
        return Err(Fault::NotFound("board"));
    }
    let bytes = if limit.is_some() { PAGE_BYTES } else { WHOLE_BYTES };
    let wanted = WantedBoard { board: board_id.clone(), after, limit: limit.unwrap_or(u32::MAX), bytes };
    let mut snapshot = store.snapshot(&wanted).await?.ok_or(Fault::NotFound("board"))?;
    // The role was read before the snapshot; what counts is the membership that the snapshot shows.
    if !caller.is_admin() && !snapshot.members.iter().any(|member| member.user_id == *caller.user()) {
        return Err(Fault::NotFound("board"));
    }
    if limit.is_none() {
        if snapshot.next.is_some() {
            return Err(Fault::BoardTooLarge { bytes, limit: MAX_TASKS });
        }
        arrange(&mut snapshot);
    }
    Ok(Answer { at: Some((board_id, snapshot.seq)), ..Answer::new(&snapshot)? })
}

/// A whole board is shown as it is looked at: tasks by column and position, dependencies by age.
fn arrange(snapshot: &mut board::Snapshot) {
    let board::Snapshot { columns, tasks, dependencies, .. } = snapshot;
    let places: HashMap<_, _> = columns.iter().enumerate().map(|(place, column)| (&column.id, place)).collect();
    let place = |task: &Task| places.get(&task.column_id).copied();
    tasks.sort_by(|one, other| (place(one), &one.position, &one.id).cmp(&(place(other), &other.position, &other.id)));
    let age = |link: &Dependency| link.created_at;
    // Those of the same age stay by task, as they were read.
    dependencies.sort_by_key(age);
}
