//! The channel of one board: the single way on which its durable events reach this node's sockets. It delivers `seq`
//! after `seq`; what comes early waits, what comes again is dropped.
//!
//! Everything here happens under one lock and without waiting; reading the log is left to `publish` and `join`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Instant,
};

use boardwire_protocol::{BoardId, Epoch, EventKind, Seq, TaskId, UserId};
use boardwire_services::storage::{Head, LogEntry};
use tokio::sync::{OnceCell, watch};

use crate::{
    Frame,
    hub::Counts,
    interest::{Interest, InterestKey, STILL_ABSENT},
    recent::Recent,
    socket::{Socket, SocketKey},
};

/// Events that came before their turn. When it is full they are dropped, and read from the log when their turn comes.
const MAX_PENDING: usize = 1024;

pub(crate) struct Channel {
    pub(crate) board: BoardId,
    state: Mutex<State>,
    /// The head of the log when the channel opened.
    pub(crate) opened: OnceCell<Seq>,
    pub(crate) filling: tokio::sync::Mutex<()>,
    progress: watch::Sender<Seq>,
}

pub(crate) struct State {
    pub(crate) epoch: Option<Epoch>,
    pub(crate) delivered: Seq,
    /// Memberships are known as of this event; those in earlier events are history.
    members_at: Seq,
    members: HashSet<UserId>,
    /// Whose membership changed since the last look.
    changed_members: Vec<UserId>,
    pending: BTreeMap<Seq, Arc<LogEntry>>,
    pub(crate) recent: Recent,
    recipients: HashMap<SocketKey, Recipient>,
    selections: HashMap<EventKind, Arc<Selection>>,
    /// Whether `recipients` holds the hub's subscriptions to all boards whose users may read this one.
    everywhere_known: bool,
    counts: Arc<Counts>,
    pub(crate) last_used: Instant,
}

pub(crate) struct Recipient {
    pub(crate) socket: Arc<Socket>,
    pub(crate) interests: Vec<Interest>,
}

/// Who gets the events of one kind: made when somebody joins or leaves, looked up when something happens.
#[derive(Default)]
struct Selection {
    plain: Vec<Arc<Socket>>,
    filtered: Vec<(Arc<Socket>, Vec<Interest>)>,
}

/// The subscriptions to all boards: by user, and those of admins, who read everything.
#[derive(Default)]
pub(crate) struct Everywhere {
    pub(crate) by_user: HashMap<UserId, Vec<(Arc<Socket>, Interest)>>,
    pub(crate) admins: Vec<(Arc<Socket>, Interest)>,
}

impl Everywhere {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_user.is_empty() && self.admins.is_empty()
    }
}

impl Channel {
    pub(crate) fn new(board: BoardId, now: Instant, counts: Arc<Counts>) -> Self {
        Self {
            board,
            state: Mutex::new(State {
                epoch: None,
                delivered: Seq(0),
                members_at: Seq(0),
                members: HashSet::new(),
                changed_members: Vec::new(),
                pending: BTreeMap::new(),
                recent: Recent::default(),
                recipients: HashMap::new(),
                selections: HashMap::new(),
                everywhere_known: false,
                counts,
                last_used: now,
            }),
            opened: OnceCell::new(),
            filling: tokio::sync::Mutex::new(()),
            progress: watch::Sender::new(Seq(0)),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Seq> {
        self.progress.subscribe()
    }

    /// Begins at `floor`: what is later is delivered, what is not is history. What has been handed in already is not.
    pub(crate) fn open(&self, head: Head, floor: Seq) {
        let mut state = self.lock();
        let handed_in = state.pending.keys().next().map(|first| Seq(first.0.saturating_sub(1)));
        let floor = handed_in.map_or(floor, |handed_in| floor.min(handed_in));
        state.epoch = Some(head.epoch);
        state.delivered = floor;
        state.members_at = head.seq;
        state.members = head.members.into_iter().collect();
        self.progress.send_replace(floor);
    }

    /// Takes an event that has been committed, and delivers all whose turn has come. Returns the users whose membership
    /// changed by that.
    #[must_use]
    pub(crate) fn offer(&self, entry: &Arc<LogEntry>, everywhere: &Mutex<Everywhere>) -> Vec<UserId> {
        let mut state = self.lock();
        if self.opened.initialized() && entry.seq <= state.delivered {
            return Vec::new();
        }
        if state.pending.len() < MAX_PENDING || entry.seq == state.delivered.next() {
            state.pending.insert(entry.seq, Arc::clone(entry));
        }
        if self.opened.initialized() {
            self.advance(&mut state, everywhere);
        }
        std::mem::take(&mut state.changed_members)
    }

    /// Delivers what came before the channel was open. Returns as [`offer`](Self::offer).
    #[must_use]
    pub(crate) fn release(&self, everywhere: &Mutex<Everywhere>) -> Vec<UserId> {
        let mut state = self.lock();
        self.advance(&mut state, everywhere);
        std::mem::take(&mut state.changed_members)
    }

    /// Goes on behind `seq`: what comes before can't be had any more. What is not known by events is known by the head. Returns
    /// as [`offer`](Self::offer).
    #[must_use]
    pub(crate) fn skip_to(&self, seq: Seq, head: Head) -> Vec<UserId> {
        let mut state = self.lock();
        if seq <= state.delivered {
            return Vec::new();
        }
        let members: HashSet<_> = head.members.into_iter().collect();
        let changed: Vec<_> = state.members.symmetric_difference(&members).cloned().collect();
        state.members = members;
        state.members_at = head.seq;
        for user in changed {
            state.note_membership(user, seq.next());
        }
        state.recent.clear();
        state.delivered = seq;
        self.progress.send_replace(seq);
        std::mem::take(&mut state.changed_members)
    }

    fn advance(&self, state: &mut State, everywhere: &Mutex<Everywhere>) {
        let before = state.delivered;
        while let Some(next) = state.pending.first_entry() {
            if *next.key() <= state.delivered {
                next.remove();
            } else if *next.key() == state.delivered.next() {
                let entry = next.remove();
                state.deliver(entry, everywhere);
            } else {
                break;
            }
        }
        if state.delivered != before {
            self.progress.send_replace(state.delivered);
        }
    }
}

impl State {
    fn deliver(&mut self, entry: Arc<LogEntry>, everywhere: &Mutex<Everywhere>) {
        self.follow_members(&entry);
        self.follow_everywhere(everywhere);
        let selection = self.selection(entry.kind);
        let matching = |(_, interests): &&(_, Vec<Interest>)| interests.iter().any(|interest| interest.matches(&entry));
        let filtered = selection.filtered.iter().filter(matching).map(|(socket, _)| socket);
        let delivered = selection.plain.iter().chain(filtered).filter(|socket| socket.deliver(&entry)).count();
        self.counts.deliveries.fetch_add(delivered as u64, Ordering::Relaxed);
        self.delivered = entry.seq;
        self.recent.push(entry);
    }

    /// Memberships change at the very event that says so.
    fn follow_members(&mut self, entry: &LogEntry) {
        let Some(user) = entry.subject.as_ref().filter(|_| entry.seq > self.members_at) else { return };
        let changed = match entry.kind {
            EventKind::BoardCreated | EventKind::BoardMemberSet => self.members.insert(user.clone()),
            EventKind::BoardMemberRemoved => self.members.remove(user),
            _ => false,
        };
        if changed {
            self.note_membership(user.clone(), entry.seq);
        }
    }

    /// What follows where somebody became a member or ceased to be one with this event.
    fn note_membership(&mut self, user: UserId, seq: Seq) {
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
        // Subscriptions to all boards gain or lose this one.
        self.everywhere_known = false;
    }

    /// Takes over the subscriptions to all boards whose users may read this one. Those that are new begin here. What
    /// changes afterwards is told to each channel.
    pub(crate) fn follow_everywhere(&mut self, everywhere: &Mutex<Everywhere>) {
        if self.everywhere_known {
            return;
        }
        let everywhere = everywhere.lock().unwrap_or_else(PoisonError::into_inner);
        self.everywhere_known = true;
        let mine = self.members.iter().filter_map(|user| everywhere.by_user.get(user)).flatten();
        let mut wanted: HashMap<(SocketKey, InterestKey), (&Arc<Socket>, &Interest)> = HashMap::new();
        for (socket, interest) in mine.chain(&everywhere.admins) {
            wanted.insert((socket.key(), interest.key.clone()), (socket, interest));
        }
        self.recipients.retain(|key, recipient| {
            recipient
                .interests
                .retain(|interest| !interest.everywhere || wanted.remove(&(*key, interest.key.clone())).is_some());
            !recipient.interests.is_empty()
        });
        for (socket, interest) in wanted.into_values() {
            self.add_everywhere(socket, interest);
        }
        self.selections.clear();
    }

    /// Takes in a subscription to all boards, from here on.
    pub(crate) fn hear_everywhere(&mut self, socket: &Arc<Socket>, interest: &Interest) {
        if self.everywhere_known && self.may_read(socket) {
            self.add_everywhere(socket, interest);
        }
    }

    fn add_everywhere(&mut self, socket: &Arc<Socket>, interest: &Interest) {
        let from = self.delivered;
        self.add(socket, Interest { from, ..interest.clone() });
    }

    /// Drops a socket's subscriptions to all boards: this one, or all of them.
    pub(crate) fn drop_everywhere(&mut self, socket: SocketKey, key: Option<&InterestKey>) {
        let Some(recipient) = self.recipients.get_mut(&socket) else { return };
        let is_another = |interest: &Interest| !interest.everywhere || key.is_some_and(|key| interest.key != *key);
        recipient.interests.retain(is_another);
        if recipient.interests.is_empty() {
            self.recipients.remove(&socket);
        }
        self.selections.clear();
    }

    /// Looks anew who may read and who wants what: somebody's permissions changed.
    pub(crate) fn forget_everywhere(&mut self) {
        self.everywhere_known = false;
        self.selections.clear();
    }

    fn selection(&mut self, kind: EventKind) -> Arc<Selection> {
        if let Some(ready) = self.selections.get(&kind) {
            return Arc::clone(ready);
        }
        let mut selection = Selection::default();
        for recipient in self.recipients.values().filter(|recipient| self.may_read(&recipient.socket)) {
            let socket = Arc::clone(&recipient.socket);
            let mut wanted = recipient.interests.iter().filter(|interest| interest.kinds.contains(kind)).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            if wanted.clone().any(Interest::is_plain) {
                selection.plain.push(socket);
            } else {
                selection.filtered.push((socket, wanted.cloned().collect()));
            }
        }
        let selection = Arc::new(selection);
        self.selections.insert(kind, Arc::clone(&selection));
        selection
    }

    /// Puts an ephemeral event of this kind, which concerns these tasks, into the queue of each socket that wants it, may
    /// have it and is not left out.
    pub(crate) fn tell(
        &mut self,
        frame: &Frame,
        tasks: &[&TaskId],
        actor: &UserId,
        to: impl Fn(&Socket) -> bool,
        everywhere: &Mutex<Everywhere>,
    ) {
        self.follow_everywhere(everywhere);
        let selection = self.selection(frame.kind());
        let wants = |interest: &Interest| match tasks {
            [] => interest.wants(frame.kind(), None, Some(actor)),
            tasks => tasks.iter().any(|task| interest.wants(frame.kind(), Some(task), Some(actor))),
        };
        let filtered = selection.filtered.iter().filter(|(_, interests)| interests.iter().any(wants));
        for socket in selection.plain.iter().chain(filtered.map(|(socket, _)| socket)).filter(|socket| to(socket)) {
            socket.outbox().push(frame.clone());
        }
    }

    /// Is the user a member, as of the last event delivered?
    pub(crate) fn is_member(&self, user: &UserId) -> bool {
        self.members.contains(user)
    }

    /// May this socket's user read the board, as of the last event delivered?
    pub(crate) fn may_read(&self, socket: &Socket) -> bool {
        socket.reads() && (socket.is_admin() || self.members.contains(socket.user()))
    }

    /// Events after `cursor`, if they are all at hand.
    pub(crate) fn recent_after(&self, cursor: Seq) -> Option<impl Iterator<Item = &Arc<LogEntry>>> {
        self.recent.after(cursor, self.delivered)
    }

    /// Has any interest of this socket already brought it the event?
    pub(crate) fn has_served(&self, socket: &Socket, entry: &LogEntry) -> bool {
        let recipient = self.recipients.get(&socket.key());
        recipient.is_some_and(|recipient| recipient.interests.iter().any(|interest| interest.has_served(entry)))
    }

    /// Registers an interest, in place of one with the same key.
    pub(crate) fn add(&mut self, socket: &Arc<Socket>, mut interest: Interest) {
        let recipient = self
            .recipients
            .entry(socket.key())
            .or_insert_with(|| Recipient { socket: Arc::clone(socket), interests: Vec::new() });
        if let Some(at) = recipient.interests.iter().position(|other| other.key == interest.key) {
            let replaced = recipient.interests.swap_remove(at);
            if (&replaced.task, &replaced.actor) == (&interest.task, &interest.actor) {
                // What the old one served counts for the new one; where it was absent, the new one may have been served.
                if replaced.from < interest.from {
                    let mut absences = replaced.absences;
                    absences.retain(|(first, _)| *first <= interest.from);
                    absences.iter_mut().for_each(|(_, last)| *last = (*last).min(interest.from));
                    interest.absences = absences;
                    interest.from = replaced.from;
                }
            }
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

    pub(crate) fn is_idle(&self) -> bool {
        self.recipients.is_empty() && self.pending.is_empty()
    }
}
