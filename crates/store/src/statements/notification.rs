//! Statements on `notifications`. Users don't see those about boards that they can't read.

use async_trait::async_trait;
use boardwire_protocol::{Notification, NotificationId, NotificationKind, Timestamp, UserId};
use boardwire_services::storage::{NotificationRepository, NotificationStore, StorageResult, WantedNotifications};

use crate::{
    connection::Connection,
    database::Database,
    row::Row,
    statement::{Statement, Value, of_rows},
};

macro_rules! fields {
    () => {
        "id, kind, user_id, board_id, task_id, actor, text, read_at, created_at"
    };
}

/// The condition for notifications that a user may read. `$1` is the user; `$2` is 1 if the user may read every board.
macro_rules! readable {
    () => {
        "user_id = $1 AND (board_id IS NULL OR $2 = 1 OR EXISTS (
            SELECT 1 FROM members WHERE members.board_id = notifications.board_id AND members.user_id = $1))"
    };
}

const INSERT: Statement = Statement::new(
    "notification.insert",
    concat!("INSERT INTO notifications (", fields!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
);

const INSERT_ALL: Statement = of_rows!(
    "notification.insert_all",
    concat!(
        "INSERT INTO notifications (",
        fields!(),
        ") SELECT item.value ->> 0, item.value ->> 1, item.value ->> 2, item.value ->> 3, item.value ->> 4,
            item.value ->> 5, item.value ->> 6, CAST(item.value ->> 7 AS BIGINT), CAST(item.value ->> 8 AS BIGINT)
          FROM"
    ),
    "WHERE 1 = 1"
);

const LIST: Statement = Statement::new(
    "notification.list",
    concat!(
        "SELECT ",
        fields!(),
        " FROM notifications WHERE ",
        readable!(),
        " AND id < $3 AND ($4 = 0 OR read_at IS NULL) ORDER BY id DESC LIMIT $5"
    ),
);

const COUNT_UNREAD: Statement = Statement::new(
    "notification.count_unread",
    concat!("SELECT COUNT(*) FROM notifications WHERE ", readable!(), " AND read_at IS NULL"),
);

const MARK_ONE: Statement = Statement::new(
    "notification.mark_one",
    "UPDATE notifications SET read_at = $3 WHERE user_id = $1 AND id = $2 AND read_at IS NULL",
);

const MARK_ALL: Statement = Statement::new(
    "notification.mark_all",
    "UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL",
);

const PRUNE: Statement = Statement::new(
    "notification.prune",
    "DELETE FROM notifications WHERE id IN
        (SELECT id FROM notifications WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
);

/// Sorts after every id.
const AFTER_ALL_IDS: &str = "\u{10FFFF}";

#[async_trait]
impl NotificationRepository for Connection<'_> {
    #[tracing::instrument(level = "debug", name = "db.notification.insert", skip_all)]
    async fn insert_notification(&mut self, notification: &Notification) -> StorageResult<()> {
        let values = [
            Value::Text(notification.id.as_str()),
            Value::Text(notification.kind.name()),
            Value::Text(notification.user_id.as_str()),
            Value::OptText(notification.board_id.as_ref().map(|board| board.as_str())),
            Value::OptText(notification.task_id.as_ref().map(|task| task.as_str())),
            Value::OptText(notification.actor.as_ref().map(|actor| actor.as_str())),
            Value::Text(&notification.text),
            Value::OptInt(notification.read_at.map(|time| time.0)),
            Value::Int(notification.created_at.0),
        ];
        self.execute_one(&INSERT, &values).await
    }

    #[tracing::instrument(level = "debug", name = "db.notification.insert_all", skip_all)]
    async fn insert_notifications(&mut self, notifications: &[Notification]) -> StorageResult<()> {
        let row = |notification: &Notification| {
            serde_json::json!([
                notification.id,
                notification.kind.name(),
                notification.user_id,
                notification.board_id,
                notification.task_id,
                notification.actor,
                notification.text,
                notification.read_at.map(|time| time.0),
                notification.created_at.0,
            ])
        };
        let rows: Vec<_> = notifications.iter().map(row).collect();
        self.execute_exactly(&INSERT_ALL, rows.len(), &[Value::json(&rows)?]).await
    }

    #[tracing::instrument(level = "debug", name = "db.notification.mark_read", skip_all)]
    async fn mark_read(&mut self, user: &UserId, id: Option<&NotificationId>, now: Timestamp) -> StorageResult<()> {
        let user = Value::Text(user.as_str());
        match id {
            Some(id) => self.execute(&MARK_ONE, &[user, Value::Text(id.as_str()), Value::Int(now.0)]).await?,
            None => self.execute(&MARK_ALL, &[user, Value::Int(now.0)]).await?,
        };
        Ok(())
    }

    #[tracing::instrument(level = "debug", name = "db.notification.count_unread", skip_all)]
    async fn count_unread(&mut self, user: &UserId, everywhere: bool) -> StorageResult<u64> {
        let values = [Value::Text(user.as_str()), Value::Int(everywhere.into())];
        self.fetch_one(&COUNT_UNREAD, &values).await?.number(0)
    }
}

#[async_trait]
impl NotificationStore for Database {
    async fn notifications(&self, wanted: &WantedNotifications) -> StorageResult<(Vec<Notification>, u64)> {
        let wanted = wanted.clone();
        self.read_snapshot(move |mut reader| async move {
            let connection = &mut reader.connection();
            let listed = list(connection, &wanted).await?;
            Ok((listed, connection.count_unread(&wanted.user, wanted.everywhere).await?))
        })
        .await
    }
}

#[tracing::instrument(level = "debug", name = "db.notification.list", skip_all)]
async fn list(connection: &mut Connection<'_>, wanted: &WantedNotifications) -> StorageResult<Vec<Notification>> {
    let values = [
        Value::Text(wanted.user.as_str()),
        Value::Int(wanted.everywhere.into()),
        Value::Text(wanted.before.as_ref().map_or(AFTER_ALL_IDS, NotificationId::as_str)),
        Value::Int(wanted.unread_only.into()),
        Value::Int(wanted.limit.into()),
    ];
    let rows = connection.fetch_all(&LIST, &values).await?;
    rows.iter().map(read).collect()
}

/// Deletes at most `limit` notifications created before `before`. Returns how many.
#[tracing::instrument(level = "debug", name = "db.notification.prune", skip_all)]
pub(super) async fn prune(connection: &mut Connection<'_>, before: Timestamp, limit: u32) -> StorageResult<u64> {
    connection.execute(&PRUNE, &[Value::Int(before.0), Value::Int(limit.into())]).await
}

fn read(row: &Row) -> StorageResult<Notification> {
    Ok(Notification {
        id: row.id(0)?,
        kind: row.named(1, NotificationKind::from_name)?,
        user_id: row.id(2)?,
        board_id: row.opt_id(3)?,
        task_id: row.opt_id(4)?,
        actor: row.opt_id(5)?,
        text: row.text(6)?,
        read_at: row.opt_time(7)?,
        created_at: row.time(8)?,
    })
}
