//! Marking notifications as read, and operators' announcements.

use boardwire_protocol::{Body, Notification, NotificationKind, RequestId, TeamId, UserId, data, notification};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ChangeOutcome, ServiceError, UserEvent,
    unit::{Execute, Unit},
};

/// The most notifications that one command marks by their ids.
const MAX_MARKED: usize = 500;
/// The most users that one unit of work notifies, so that other units do not wait long for it.
const USERS_PER_PAGE: u32 = 500;

impl Execute for notification::Read {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let caller = unit.caller;
        let (user, now) = (caller.user(), unit.now);
        match (&self.ids, self.all) {
            (Some(ids), None | Some(false)) if ids.len() > MAX_MARKED => {
                return Err(ServiceError::invalid("ids", format!("at most {MAX_MARKED} ids, got {}", ids.len())));
            }
            (Some(ids), None | Some(false)) => {
                for id in ids {
                    unit.tx.mark_read(user, Some(id), now).await?;
                }
            }
            (None, Some(true)) => unit.tx.mark_read(user, None, now).await?,
            _ => return Err(ServiceError::invalid("ids", "give `ids`, or `all: true`")),
        }
        let unread = unit.tx.count_unread(user, caller.is_admin()).await?;
        unit.user_events.push(UserEvent::Read {
            user: user.clone(),
            data: data::NotificationRead { all: self.ids.is_none(), ids: self.ids, unread },
            origin: unit.origin,
        });
        ChangeOutcome::without_board(&notification::Unread { unread })
    }
}

/// A notification that an operator sends to one or many users.
#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// The text.
    pub text: Body,
    /// Who is notified.
    pub to: Audience,
}

/// The users whom an announcement is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Audience {
    /// One user.
    User(UserId),
    /// The users of a team.
    Team(TeamId),
    /// All users.
    Everybody,
}

/// A page of an announcement: for those of its users whose ids come after `after`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Page {
    pub(crate) announcement: Announcement,
    pub(crate) after: Option<UserId>,
}

/// The result of a page.
#[derive(Serialize, Deserialize)]
pub(crate) struct Announced {
    pub(crate) notified: usize,
    /// The last user of this page, if there may be more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<UserId>,
}

impl Execute for Page {
    async fn execute(self, unit: &mut Unit<'_>) -> Result<ChangeOutcome, ServiceError> {
        let Page { announcement, after } = self;
        let users = match &announcement.to {
            Audience::User(user) => {
                let user = unit.tx.user(user).await?.ok_or(ServiceError::NotFound("user"))?;
                vec![user.id]
            }
            Audience::Team(team) => unit.tx.users(Some(team), after.as_ref(), USERS_PER_PAGE).await?,
            Audience::Everybody => unit.tx.users(None, after.as_ref(), USERS_PER_PAGE).await?,
        };
        if users.is_empty() && after.is_none() {
            return Err(ServiceError::NotFound("team"));
        }
        let mut notifications = Vec::with_capacity(users.len());
        for user in &users {
            notifications.push(Notification {
                id: unit.clock.new_id(),
                kind: NotificationKind::System,
                user_id: user.clone(),
                board_id: None,
                task_id: None,
                actor: Some(unit.caller.user().clone()),
                text: announcement.text.as_str().to_owned(),
                read_at: None,
                created_at: unit.now,
            });
        }
        unit.tx.insert_notifications(&notifications).await?;
        unit.user_events.extend(notifications.into_iter().map(UserEvent::Notified));
        let last = users.last().filter(|_| users.len() == USERS_PER_PAGE as usize).cloned();
        ChangeOutcome::without_board(&Announced { notified: users.len(), last })
    }
}

/// Returns the request id of the page after this user. It is always the same, so that repeating the request of an
/// interrupted announcement continues where it stopped.
pub(crate) fn id_of_page(request: &RequestId, after: &UserId) -> Result<RequestId, ServiceError> {
    let hash = Sha256::new().chain_update(request.as_str()).chain_update("\n").chain_update(after.as_str());
    RequestId::try_from(format!("{:x}", hash.finalize()).as_str()).map_err(|_| ServiceError::BrokenOff)
}
