//! Interests: each is a reason why a socket receives events of a board.

use boardwire_protocol::{EventKind, KindSet, Seq, SubscriptionId, TaskId, UserId, connection::Filters};
use boardwire_services::storage::LogEntry;

/// The subscription or view that an interest belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum InterestKey {
    Subscription(SubscriptionId),
    BoardView,
    TaskView,
}

/// Which events of a board a socket wants.
#[derive(Debug, Clone)]
pub(crate) struct Interest {
    pub(crate) key: InterestKey,
    pub(crate) kinds: KindSet,
    pub(crate) task: Option<TaskId>,
    pub(crate) actor: Option<UserId>,
    /// It has delivered, or will deliver, every event after this one.
    pub(crate) from: Seq,
    /// Whether it belongs to a subscription to all boards.
    pub(crate) all_boards: bool,
    /// The first and last event of each period in which it delivered nothing, because its user could not read the
    /// board.
    pub(crate) absences: Vec<(Seq, Seq)>,
}

/// The last event of an absence that has not ended yet.
pub(crate) const STILL_ABSENT: Seq = Seq(u64::MAX);

impl Interest {
    pub(crate) fn new(key: InterestKey, kinds: KindSet) -> Self {
        Self { key, kinds, task: None, actor: None, from: Seq(0), all_boards: false, absences: Vec::new() }
    }

    pub(crate) fn with_filters(mut self, filters: &Filters) -> Self {
        self.task.clone_from(&filters.task_id);
        self.actor.clone_from(&filters.user_id);
        self
    }

    /// Returns whether it wants every event of its kinds.
    pub(crate) fn is_plain(&self) -> bool {
        self.task.is_none() && self.actor.is_none()
    }

    pub(crate) fn matches(&self, entry: &LogEntry) -> bool {
        self.wants(entry.kind, entry.task_id.as_ref(), entry.actor.as_ref())
    }

    /// Returns whether it wants an event of this kind, which concerns `task` and was caused by `actor`.
    pub(crate) fn wants(&self, kind: EventKind, task: Option<&TaskId>, actor: Option<&UserId>) -> bool {
        self.kinds.contains(kind)
            && self.task.as_ref().is_none_or(|wanted| task == Some(wanted))
            && self.actor.as_ref().is_none_or(|wanted| actor == Some(wanted))
    }

    /// Takes over the record of what an interest with the same key has delivered, if both have the same filters.
    pub(crate) fn inherit(&mut self, replaced: Self) {
        let wants_the_same = (&replaced.task, &replaced.actor) == (&self.task, &self.actor);
        if wants_the_same && replaced.from < self.from {
            // Of the events in the old absences, only those up to the start of the new interest remain undelivered.
            let mut absences = replaced.absences;
            absences.retain(|(first, _)| *first <= self.from);
            absences.iter_mut().for_each(|(_, last)| *last = (*last).min(self.from));
            self.absences = absences;
            self.from = replaced.from;
        }
    }

    /// Returns whether this interest has delivered, or will deliver, the event to its socket.
    pub(crate) fn has_delivered(&self, entry: &LogEntry) -> bool {
        let absent = self.absences.iter().any(|(first, last)| (*first..=*last).contains(&entry.seq));
        entry.seq > self.from && !absent && self.matches(entry)
    }
}
