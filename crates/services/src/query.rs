//! Queries: what a caller may read.

use boardwire_protocol::{Query, Timestamp, board, notification, task};

use crate::{
    Caller, ServiceError, access,
    answer::Answer,
    listing, snapshot,
    storage::{Store, WantedNotifications},
};

/// How many notifications an answer has by default, and at most.
const DEFAULT_NOTIFICATIONS: u32 = 50;
const MAX_NOTIFICATIONS: u32 = 100;

/// Runs a query.
pub(crate) async fn run(
    store: &dyn Store,
    caller: &Caller,
    now: Timestamp,
    query: Query,
) -> Result<Answer, ServiceError> {
    match query {
        Query::BoardGet(query) => snapshot::get(store, caller, query).await,
        Query::BoardList(board::List { archived }) => {
            let member = (!caller.is_admin()).then(|| caller.user());
            Answer::new(&board::Listed { boards: store.boards(member, archived).await? })
        }
        Query::TaskGet(task::Get { task_id }) => {
            access::readable_task(store, caller, &task_id).await?;
            Answer::new(&store.detail(&task_id).await?.ok_or(ServiceError::NotFound("task"))?)
        }
        Query::TaskNext(query) => listing::next_task(store, caller, now, query).await,
        Query::TaskList(query) => listing::tasks(store, caller, now, query).await,
        Query::TaskSearch(query) => listing::search(store, caller, query).await,
        Query::BoardEvents(query) => listing::events(store, caller, query).await,
        Query::NotificationList(notification::List { unread_only, limit, before }) => {
            let limit = limit.unwrap_or(DEFAULT_NOTIFICATIONS);
            if !(1..=MAX_NOTIFICATIONS).contains(&limit) {
                return Err(ServiceError::invalid("limit", format!("1 to {MAX_NOTIFICATIONS}, got {limit}")));
            }
            let filter = WantedNotifications {
                user: caller.user().clone(),
                everywhere: caller.is_admin(),
                unread_only: unread_only.unwrap_or(false),
                before,
                limit,
            };
            let (notifications, unread) = store.notifications(&filter).await?;
            Answer::new(&notification::Listed { notifications, unread })
        }
    }
}
