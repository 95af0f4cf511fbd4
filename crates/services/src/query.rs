//! Reading.

use boardwire_protocol::{Query, Seq, Timestamp, board, notification, task};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    Caller, Fault, access, listing, snapshot,
    storage::{Store, WantedNotifications},
};

/// Notifications in an answer.
const DEFAULT_NOTIFICATIONS: u32 = 50;
const MAX_NOTIFICATIONS: u32 = 100;

/// What was read, and how far the board had come then.
pub(crate) struct Answer {
    pub(crate) result: Box<RawValue>,
    pub(crate) at: Option<(boardwire_protocol::BoardId, Seq)>,
}

impl Answer {
    pub(crate) fn new(result: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { result: to_raw_value(result)?, at: None })
    }
}

pub(crate) async fn run(store: &dyn Store, caller: &Caller, now: Timestamp, query: Query) -> Result<Answer, Fault> {
    match query {
        Query::BoardGet(query) => snapshot::get(store, caller, query).await,
        Query::BoardList(board::List { archived }) => {
            let member = (!caller.is_admin()).then(|| caller.user());
            Answer::new(&board::Listed { boards: store.boards(member, archived).await? })
        }
        Query::TaskGet(task::Only { task_id }) => {
            access::readable_task(store, caller, &task_id).await?;
            Answer::new(&store.detail(&task_id).await?.ok_or(Fault::NotFound("task"))?)
        }
        Query::TaskNext(query) => listing::next(store, caller, now, query).await,
        Query::TaskList(query) => listing::tasks(store, caller, now, query).await,
        Query::TaskSearch(query) => listing::search(store, caller, query).await,
        Query::BoardEvents(query) => listing::events(store, caller, query).await,
        Query::NotificationList(notification::List { unread_only, limit, before }) => {
            let limit = limit.unwrap_or(DEFAULT_NOTIFICATIONS);
            if !(1..=MAX_NOTIFICATIONS).contains(&limit) {
                return Err(Fault::invalid("limit", format!("1 to {MAX_NOTIFICATIONS}, got {limit}")));
            }
            let wanted = WantedNotifications {
                user: caller.user().clone(),
                everywhere: caller.is_admin(),
                unread_only: unread_only.unwrap_or(false),
                before,
                limit,
            };
            let (notifications, unread) = store.notifications(&wanted).await?;
            Answer::new(&notification::Listed { notifications, unread })
        }
    }
}
