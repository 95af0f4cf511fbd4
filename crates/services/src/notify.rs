//! Notifications about changes. The actor is never notified, nor is anybody who may not read the board.

use std::collections::BTreeSet;

use boardwire_protocol::{Notification, NotificationKind, Task, UserId};

use crate::{ServiceError, UserEvent, edit::BoardEdit, storage::TaskState};

/// The most users that one text can mention. Any further mentions are plain text.
const MAX_MENTIONS: usize = 50;
/// The most characters of a task's title that a notification quotes.
const TITLE_CHARS: usize = 100;

impl BoardEdit<'_, '_> {
    /// Notifies a user of what the actor has done to a task. `verb` goes between the actor's name and the title.
    pub(crate) async fn notify(
        &mut self,
        user: &UserId,
        kind: NotificationKind,
        task: &Task,
        verb: &str,
    ) -> Result<(), ServiceError> {
        if *user == self.actor() || self.readers_among(std::slice::from_ref(user)).await?.is_empty() {
            return Ok(());
        }
        self.notify_reader(user, kind, task, verb).await
    }

    /// Notifies a user who is known to be allowed to read the board.
    async fn notify_reader(
        &mut self,
        user: &UserId,
        kind: NotificationKind,
        task: &Task,
        verb: &str,
    ) -> Result<(), ServiceError> {
        if *user == self.actor() {
            return Ok(());
        }
        let notification = self.notification(user, kind, task, verb);
        self.tx().insert_notification(&notification).await?;
        self.add_user_event(UserEvent::Notified(notification));
        Ok(())
    }

    fn notification(&self, user: &UserId, kind: NotificationKind, task: &Task, verb: &str) -> Notification {
        let title: String = task.title.chars().take(TITLE_CHARS).collect();
        Notification {
            id: self.new_id(),
            kind,
            user_id: user.clone(),
            board_id: Some(self.id().clone()),
            task_id: Some(task.id.clone()),
            actor: Some(self.actor()),
            text: format!("{} {verb} “{title}”", self.actor_name()),
            read_at: None,
            created_at: self.now(),
        }
    }

    /// Notifies the assignees of these tasks of what happened to each task.
    pub(crate) async fn notify_assignees(&mut self, tasks: &[TaskState], verb: &str) -> Result<(), ServiceError> {
        let assignees: BTreeSet<_> = tasks.iter().filter_map(|state| state.task.assignee.clone()).collect();
        let mut notified = self.readers_among(&Vec::from_iter(assignees)).await?;
        notified.remove(&self.actor());
        let mut notifications = Vec::new();
        for TaskState { task, .. } in tasks {
            if let Some(user) = task.assignee.as_ref().filter(|user| notified.contains(*user)) {
                notifications.push(self.notification(user, NotificationKind::Task, task, verb));
            }
        }
        if !notifications.is_empty() {
            self.tx().insert_notifications(&notifications).await?;
        }
        notifications.into_iter().for_each(|notification| self.add_user_event(UserEvent::Notified(notification)));
        Ok(())
    }

    /// Notifies the assignee of a task of what happened to it, unless the assignee is among `notified`.
    pub(crate) async fn notify_assignee(
        &mut self,
        task: &Task,
        verb: &str,
        notified: &[UserId],
    ) -> Result<(), ServiceError> {
        match &task.assignee {
            Some(user) if !notified.contains(user) => self.notify(user, NotificationKind::Task, task, verb).await,
            _ => Ok(()),
        }
    }

    /// Notifies the user to whom a task was assigned, and the user to whom it was assigned before.
    pub(crate) async fn notify_assigned(&mut self, task: &Task, previous: Option<&UserId>) -> Result<(), ServiceError> {
        self.notify_assignee(task, "assigned you", &[]).await?;
        match previous {
            Some(user) => self.notify(user, NotificationKind::Task, task, "took from you").await,
            None => Ok(()),
        }
    }

    /// Notifies the users whom a text mentions and an earlier version of the text did not.
    pub(crate) async fn notify_mentioned(
        &mut self,
        task: &Task,
        text: &str,
        earlier: &str,
        verb: &str,
    ) -> Result<Mentioned, ServiceError> {
        let (before, now) = (mentions(earlier), mentions(text));
        let readers = self.readers_among(&Vec::from_iter(now.iter().cloned())).await?;
        let mut mentioned = Mentioned::default();
        for user in now {
            if readers.contains(&user) {
                if !before.contains(&user) {
                    self.notify_reader(&user, NotificationKind::Mention, task, verb).await?;
                    mentioned.notified.push(user.clone());
                }
                mentioned.all.push(user);
            }
        }
        Ok(mentioned)
    }
}

/// The users whom a text mentions and who may read the board.
#[derive(Default)]
pub(crate) struct Mentioned {
    pub(crate) all: Vec<UserId>,
    /// Those of them who have been notified now.
    pub(crate) notified: Vec<UserId>,
}

/// Returns the users whom a text mentions: `@` and a user's id, not in the middle of a word.
fn mentions(text: &str) -> BTreeSet<UserId> {
    let is_id = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    let mut found = BTreeSet::new();
    let mut before = ' ';
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        before = rest[..at].chars().next_back().unwrap_or(before);
        let after = &rest[at + 1..];
        let end = after.find(|character| !is_id(character)).unwrap_or(after.len());
        if !before.is_alphanumeric()
            && before != '@'
            && let Ok(user) = UserId::try_from(after[..end].trim_end_matches('-'))
        {
            found.insert(user);
        }
        if found.len() == MAX_MENTIONS {
            break;
        }
        before = after[..end].chars().next_back().unwrap_or('@');
        rest = &after[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = mentions(text).into_iter().map(|user| user.as_str().to_owned()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn mentions_are_words_of_their_own() {
        check("@ann, look: (@bob) and @cid-2. @ann again", &["ann", "bob", "cid-2"]);
        check("ann@example.org and @@ann and @", &[]);
        check("ü@ann _@bob", &["bob"]);
        check("@ann@bob", &["ann"]);
        check("@ann- said @bob_", &["ann", "bob_"]);
        check(&format!("@{}", "x".repeat(65)), &[]);
        check(
            &(0..99).map(|n| format!("@u{n:02} ")).collect::<String>(),
            &(0..50).map(|n| format!("u{n:02}")).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}
