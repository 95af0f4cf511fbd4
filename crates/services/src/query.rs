//! Reading boards.

use boardwire_protocol::{Query, Seq, board, task};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Caller, Fault, access, storage::Reader};

/// What was read, and how far the board had come then.
pub(crate) struct Answer {
    pub(crate) result: Box<RawValue>,
    pub(crate) at: Option<(boardwire_protocol::BoardId, Seq)>,
}

impl Answer {
    fn new(result: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { result: to_raw_value(result)?, at: None })
    }
}

pub(crate) async fn run(reader: &dyn Reader, caller: &Caller, query: Query) -> Result<Answer, Fault> {
    match query {
        Query::BoardGet(board::Only { board_id }) => {
            if !access::may_read(reader, caller, &board_id).await? {
                return Err(Fault::NotFound("board"));
            }
            let snapshot = reader.snapshot(&board_id).await?.ok_or(Fault::NotFound("board"))?;
            // The role was read before the snapshot; what counts is the membership that the snapshot shows.
            if !caller.is_admin() && !snapshot.members.iter().any(|member| member.user_id == *caller.user()) {
                return Err(Fault::NotFound("board"));
            }
            Ok(Answer { at: Some((board_id, snapshot.seq)), ..Answer::new(&snapshot)? })
        }
        Query::BoardList(board::List { archived }) => {
            let member = (!caller.is_admin()).then(|| caller.user());
            Answer::new(&board::Listed { boards: reader.boards(member, archived).await? })
        }
        Query::TaskGet(task::Only { task_id }) => {
            let task = reader.task(&task_id).await?.ok_or(Fault::NotFound("task"))?;
            if !access::may_read(reader, caller, &task.board_id).await? {
                return Err(Fault::NotFound("task"));
            }
            Answer::new(&task::Detail { task, comments: vec![], attachments: vec![], dependencies: vec![] })
        }
    }
}
