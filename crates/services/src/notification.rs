//! What happens to notifications after they have been made: they are read; and those that an operator sends.

use boardwire_protocol::{Body, Notification, NotificationId, NotificationKind, TeamId, UserId, data, notification};
use serde::Serialize;

use crate::{Applied, Fault, Personal, unit::Unit};

/// The most notifications that are marked one by one.
const MAX_MARKED: usize = 500;

pub(crate) async fn read(unit: &mut Unit<'_>, command: notification::Read) -> Result<Applied, Fault> {
    let caller = unit.caller;
    let (user, now) = (caller.user(), unit.now);
    match (&command.ids, command.all) {
        (Some(ids), None | Some(false)) if ids.len() > MAX_MARKED => {
            return Err(Fault::invalid("ids", format!("at most {MAX_MARKED} ids, got {}", ids.len())));
        }
        (Some(ids), None | Some(false)) => {
            for id in ids {
                unit.tx.mark_read(user, Some(id), now).await?;
            }
        }
        (None, Some(true)) => unit.tx.mark_read(user, None, now).await?,
        _ => return Err(Fault::invalid("ids", "give `ids`, or `all: true`")),
    }
    let unread = unit.tx.count_unread(user, caller.is_admin()).await?;
    unit.personal.push(Personal::Read {
        user: user.clone(),
        data: data::NotificationRead { all: command.ids.is_none(), ids: command.ids, unread },
        origin: unit.origin,
    });
    Applied::beside_boards(&notification::Unread { unread })
}

/// What an operator has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// The text.
    pub text: Body,
    /// To whom.
    pub to: Audience,
}

/// To whom an announcement goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Audience {
    /// One user.
    User(UserId),
    /// The users of a team.
    Team(TeamId),
    /// All users.
    Everybody,
}

/// What came of an announcement.
#[derive(Serialize)]
struct Announced {
    notified: usize,
}

pub(crate) async fn announce(unit: &mut Unit<'_>, announcement: Announcement) -> Result<Applied, Fault> {
    let users = match &announcement.to {
        Audience::User(user) => {
            let user = unit.tx.user(user).await?.ok_or(Fault::NotFound("user"))?;
            vec![user.id]
        }
        Audience::Team(team) => unit.tx.users(Some(team)).await?,
        Audience::Everybody => unit.tx.users(None).await?,
    };
    if users.is_empty() {
        return Err(Fault::NotFound("team"));
    }
    for user in &users {
        let notification = Notification {
            id: NotificationId::try_from(unit.clock.new_id().as_str()).map_err(|_| Fault::BrokenOff)?,
            kind: NotificationKind::System,
            user_id: user.clone(),
            board_id: None,
            task_id: None,
            actor: Some(unit.caller.user().clone()),
            text: announcement.text.as_str().to_owned(),
            read_at: None,
            created_at: unit.now,
        };
        unit.tx.insert_notification(&notification).await?;
        unit.personal.push(Personal::Notified(notification));
    }
    Applied::beside_boards(&Announced { notified: users.len() })
}
