//! The state behind a channel's lock: how far it has delivered, who may read the board, and who wants which events.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use boardwire_protocol::{Epoch, EventKind, Seq, TaskId, UserId};
use boardwire_services::storage::LogEntry;

use super::selection::Selection;
use crate::{
    all_boards::AllBoards,
    counts::Counts,
    frame::Frame,
    interest::{Interest, InterestKey, STILL_ABSENT},
    recent::Recent,
    socket::{Socket, SocketKey},
};

pub(crate) struct State {
    pub(crate) epoch: Option<Epoch>,
    /// The last event delivered.
    pub(crate) delivered: Seq,
    /// The event as of which `members` was read, with all membership changes up to it.
    pub(super) members_at: Seq,
    pub(super) members: HashSet<UserId>,
    /// The users whose membership has changed since this list was last taken.
    pub(super) changed_members: Vec<UserId>,
    /// Events that wait for those before them.
    pub(super) pending: BTreeMap<Seq, Arc<LogEntry>>,
    pub(super) recent: Recent,
    recipients: HashMap<SocketKey, Recipient>,
    /// Made from the recipients when first needed; cleared whenever the recipients change.
    selections: HashMap<EventKind, Arc<Selection>>,
    all_boards: Arc<AllBoards>,
    /// Whether `recipients` has exactly those subscriptions to all boards whose users may read this one.
    all_boards_synced: bool,
    counts: Arc<Counts>,
    pub(crate) last_used: Instant,
}

pub(crate) struct Recipient {
    pub(crate) socket: Arc<Socket>,
    pub(crate) interests: Vec<Interest>,
}

impl State {
    pub(super) fn new(now: Instant, counts: Arc<Counts>, all_boards: Arc<AllBoards>) -> Self {
        Self {
            epoch: None,
            delivered: Seq(0),
            members_at: Seq(0),
            members: HashSet::new(),
            changed_members: Vec::new(),
            pending: BTreeMap::new(),
            recent: Recent::default(),
            recipients: HashMap::new(),
            selections: HashMap::new(),
            all_boards,
            all_boards_synced: false,
            counts,
            last_used: now,
        }
    }

    pub(super) fn deliver(&mut self, entry: Arc<LogEntry>) {
        self.apply_membership_change(&entry);
        self.sync_all_boards();
        let selection = self.selection(entry.kind);
        let matching = selection.matching(|interest| interest.matches(&entry));
        let delivered = matching.filter(|socket| socket.deliver(&entry)).count();
        self.counts.deliveries.fetch_add(delivered as u64, Ordering::Relaxed);
        self.delivered = entry.seq;
        self.recent.push(entry);
    }

    /// Applies the membership change in this event, if any, before the event is delivered.
    fn apply_membership_change(&mut self, entry: &LogEntry) {
        let Some(user) = entry.subject.as_ref().filter(|_| entry.seq > self.members_at) else { return };
        let changed = match entry.kind {
            EventKind::BoardCreated | EventKind::BoardMemberSet => self.members.insert(user.clone()),
            EventKind::BoardMemberRemoved => self.members.remove(user),
            _ => false,
        };
        if changed {
            self.record_membership(user.clone(), entry.seq);
        }
    }

    /// Records that a user has become a member, or has ceased to be one, with this event.
    pub(super) fn record_membership(&mut self, user: UserId, seq: Seq) {
        let returned = self.members.contains(&user);
        let theirs = self.recipients.values_mut().filter(|recipient| *recipient.socket.user() == user);
        for interest in theirs.flat_map(|recipient| &mut recipient.interests) {
            match interest.absences.last_mut() {
                Some((_, last)) if returned && *last == STILL_ABSENT => *last = Seq(seq.0 - 1),
                _ if !returned => interest.absences.push((seq, STILL_ABSENT)),
                _ => {}
            }
        }
        self.selections.clear();
        self.changed_members.push(user);
        // The user's subscriptions to all boards now include this one, or no longer do.
        self.all_boards_synced = false;
    }

    /// Takes over those subscriptions to all boards whose users may read this one, unless it has done so. New ones
    /// begin with the next event. From then on, [`join_all_boards`](Self::join_all_boards) and
    /// [`leave_all_boards`](Self::leave_all_boards) keep them up to date.
    pub(crate) fn sync_all_boards(&mut self) {
        if self.all_boards_synced {
            return;
        }
        let all_boards = Arc::clone(&self.all_boards);
        let subscribers = all_boards.lock();
        self.all_boards_synced = true;
        let mut wanted: HashMap<(SocketKey, InterestKey), (&Arc<Socket>, &Interest)> = HashMap::new();
        for (socket, interest) in subscribers.of_readers(&self.members) {
            wanted.insert((socket.key(), interest.key.clone()), (socket, interest));
        }
        self.recipients.retain(|key, recipient| {
            recipient
                .interests
                .retain(|interest| !interest.all_boards || wanted.remove(&(*key, interest.key.clone())).is_some());
            !recipient.interests.is_empty()
        });
        for (socket, interest) in wanted.into_values() {
            self.add_from_now(socket, interest);
        }
        self.selections.clear();
    }

    /// Adds a subscription to all boards, if its user may read this one. It begins with the next event.
    pub(crate) fn join_all_boards(&mut self, socket: &Arc<Socket>, interest: &Interest) {
        if self.all_boards_synced && self.may_read(socket) {
            self.add_from_now(socket, interest);
        }
    }

    fn add_from_now(&mut self, socket: &Arc<Socket>, interest: &Interest) {
        let from = self.delivered;
        self.add(socket, Interest { from, ..interest.clone() });
    }

    /// Removes a socket's subscriptions to all boards: the one with this key, or all of them.
    pub(crate) fn leave_all_boards(&mut self, socket: SocketKey, key: Option<&InterestKey>) {
        let Some(recipient) = self.recipients.get_mut(&socket) else { return };
        let is_another = |interest: &Interest| !interest.all_boards || key.is_some_and(|key| interest.key != *key);
        recipient.interests.retain(is_another);
        if recipient.interests.is_empty() {
            self.recipients.remove(&socket);
        }
        self.selections.clear();
    }

    /// Has the recipients of events determined anew when next needed, because somebody's permissions have changed.
    pub(crate) fn invalidate_recipients(&mut self) {
        self.all_boards_synced = false;
        self.selections.clear();
    }

    fn selection(&mut self, kind: EventKind) -> Arc<Selection> {
        if let Some(ready) = self.selections.get(&kind) {
            return Arc::clone(ready);
        }
        let mut selection = Selection::default();
        for Recipient { socket, interests } in self.recipients.values() {
            if self.may_read(socket) {
                selection.add(kind, socket, interests);
            }
        }
        let selection = Arc::new(selection);
        self.selections.insert(kind, Arc::clone(&selection));
        selection
    }

    /// Puts an ephemeral event, which `actor` caused and which concerns these tasks, into the queue of each socket that
    /// wants it, may read the board and is `accepted`.
    pub(crate) fn send_ephemeral(
        &mut self,
        frame: &Frame,
        tasks: &[TaskId],
        actor: &UserId,
        accepted: impl Fn(&Socket) -> bool,
    ) {
        self.sync_all_boards();
        let selection = self.selection(frame.kind());
        let wants = |interest: &Interest| match tasks {
            [] => interest.wants(frame.kind(), None, Some(actor)),
            tasks => tasks.iter().any(|task| interest.wants(frame.kind(), Some(task), Some(actor))),
        };
        for socket in selection.matching(wants).filter(|socket| accepted(socket)) {
            socket.outbox().push(frame.clone());
        }
    }

    /// Returns whether the user is a member, as of the last event delivered.
    pub(crate) fn is_member(&self, user: &UserId) -> bool {
        self.members.contains(user)
    }

    /// Returns whether the socket's user may read the board, as of the last event delivered.
    pub(crate) fn may_read(&self, socket: &Socket) -> bool {
        socket.reads() && (socket.is_admin() || self.members.contains(socket.user()))
    }

    /// Returns the events after `cursor`, if all of them are among the recent ones.
    pub(crate) fn recent_after(&self, cursor: Seq) -> Option<impl Iterator<Item = &Arc<LogEntry>>> {
        self.recent.after(cursor, self.delivered)
    }

    /// Returns whether an interest of this socket has delivered, or will deliver, the event to it.
    pub(crate) fn has_delivered(&self, socket: &Socket, entry: &LogEntry) -> bool {
        let recipient = self.recipients.get(&socket.key());
        recipient.is_some_and(|recipient| recipient.interests.iter().any(|interest| interest.has_delivered(entry)))
    }

    /// Adds an interest, in place of the socket's interest with the same key.
    pub(crate) fn add(&mut self, socket: &Arc<Socket>, mut interest: Interest) {
        let recipient = self
            .recipients
            .entry(socket.key())
            .or_insert_with(|| Recipient { socket: Arc::clone(socket), interests: Vec::new() });
        if let Some(at) = recipient.interests.iter().position(|other| other.key == interest.key) {
            let replaced = recipient.interests.swap_remove(at);
            interest.inherit(replaced);
        }
        recipient.interests.push(interest);
        self.selections.clear();
    }

    pub(crate) fn remove(&mut self, socket: SocketKey, key: &InterestKey) {
        if let Some(recipient) = self.recipients.get_mut(&socket) {
            recipient.interests.retain(|interest| interest.key != *key);
            if recipient.interests.is_empty() {
                self.recipients.remove(&socket);
            }
            self.selections.clear();
        }
    }

    pub(crate) fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.values()
    }

    /// Returns whether the channel has neither recipients nor pending events.
    pub(crate) fn is_idle(&self) -> bool {
        self.recipients.is_empty() && self.pending.is_empty()
    }
}
