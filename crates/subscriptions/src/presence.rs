//! Who is present on which board: each user once, however many connections there are. Somebody whose last connection is
//! lost stays for a grace period, so that a reconnect shows to nobody.
//!
//! A socket is where it views a board or a task, and where it has said to be. [`Hub::refresh`] compares that with what is
//! registered; whatever changes for a user as a whole is told to the board.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Ephemeral, TaskId, Timestamp, UserId, Viewer, ViewerStatus, data};

use crate::{
    Hub,
    hub::lock,
    socket::{Socket, SocketKey},
};

/// How long a user whose last connection was lost is still there.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Where a socket is on a board.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spot {
    pub(crate) status: ViewerStatus,
    pub(crate) task: Option<TaskId>,
}

/// A user on a board.
struct Present {
    name: String,
    since: Timestamp,
    /// The newest last.
    spots: Vec<(SocketKey, Spot)>,
    /// What the others have been told.
    shown: Spot,
    /// When the grace ends.
    leaves_at: Option<Instant>,
}

impl Present {
    /// Online where one connection is; on the task that was opened last.
    fn whole(&self) -> Spot {
        let online = self.spots.iter().any(|(_, spot)| spot.status == ViewerStatus::Online);
        let status = if online { ViewerStatus::Online } else { ViewerStatus::Away };
        let task = self.spots.iter().rev().find_map(|(_, spot)| spot.task.clone());
        Spot { status, task }
    }

    fn set(&mut self, key: SocketKey, spot: &Spot) {
        if self.spots.iter().any(|(other, known)| *other == key && known == spot) {
            return;
        }
        self.spots.retain(|(other, _)| *other != key);
        self.spots.push((key, spot.clone()));
    }
}

/// The users on each board. Bounded by the connections, and by those that ended within the grace period.
#[derive(Default)]
pub(crate) struct Presence {
    boards: HashMap<BoardId, HashMap<UserId, Present>>,
}

impl Presence {
    pub(crate) fn is_empty_on(&self, board: &BoardId) -> bool {
        !self.boards.contains_key(board)
    }

    fn remove(&mut self, board: &BoardId, user: &UserId) -> Option<Present> {
        let users = self.boards.get_mut(board)?;
        let removed = users.remove(user);
        if users.is_empty() {
            self.boards.remove(board);
        }
        removed
    }
}

/// How a socket ceases to be somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// It said so.
    AtOnce,
    /// It was lost, and may come back.
    AfterGrace,
}

impl Hub {
    /// Brings the registered presence of a socket in line with where it is.
    pub(crate) fn refresh(&self, socket: &Socket, leaving: Leaving) {
        let mut presence = lock(&self.presence);
        let (wanted, before) = socket.asked().places();
        let mut registered = HashSet::new();
        for (board, spot) in wanted {
            let readable = self.channel(&board).is_some_and(|channel| channel.lock().may_read(socket));
            if readable {
                self.arrive(&mut presence, socket, &board, &spot);
                registered.insert(board);
            }
        }
        for board in before.difference(&registered) {
            self.depart(&mut presence, socket, board, leaving);
        }
        socket.asked().present = registered;
    }

    fn arrive(&self, presence: &mut Presence, socket: &Socket, board: &BoardId, spot: &Spot) {
        let users = presence.boards.entry(board.clone()).or_default();
        let known = users.contains_key(socket.user());
        let present = users.entry(socket.user().clone()).or_insert_with(|| Present {
            name: socket.caller().principal().name.clone(),
            since: self.clock.now(),
            spots: Vec::new(),
            shown: spot.clone(),
            leaves_at: None,
        });
        present.leaves_at = None;
        present.set(socket.key(), spot);
        if known {
            self.show(present, board, socket.user(), Some(socket.key()));
        } else {
            let joined = Ephemeral::UserJoined(data::UserJoined {
                user_id: socket.user().clone(),
                name: present.name.clone(),
                board_id: board.clone(),
                task_id: spot.task.clone(),
            });
            let tasks = spot.task.as_ref();
            self.tell_board(board, tasks.as_slice(), socket.user(), &joined, |to| to.key() != socket.key());
        }
    }

    fn depart(&self, presence: &mut Presence, socket: &Socket, board: &BoardId, leaving: Leaving) {
        let present = presence.boards.get_mut(board).and_then(|users| users.get_mut(socket.user()));
        let Some(present) = present else { return };
        present.spots.retain(|(key, _)| *key != socket.key());
        if !present.spots.is_empty() {
            self.show(present, board, socket.user(), Some(socket.key()));
        } else if leaving == Leaving::AfterGrace {
            present.leaves_at = Some(self.clock.monotonic() + GRACE);
        } else if let Some(present) = presence.remove(board, socket.user()) {
            self.tell_left(board, socket.user(), present, Some(socket.key()));
        }
    }

    /// Tells the board when the user as a whole is there in another way.
    fn show(&self, present: &mut Present, board: &BoardId, user: &UserId, cause: Option<SocketKey>) {
        let whole = present.whole();
        if present.shown == whole {
            return;
        }
        let before = std::mem::replace(&mut present.shown, whole.clone());
        self.tell_presence(board, user, whole.status.into(), whole.task, before.task, cause);
    }

    /// Those who look at the task that the user has open now, or at the one before, hear of it too.
    fn tell_presence(
        &self,
        board: &BoardId,
        user: &UserId,
        status: data::PresenceStatus,
        task: Option<TaskId>,
        before: Option<TaskId>,
        cause: Option<SocketKey>,
    ) {
        let event = Ephemeral::UserPresence(data::UserPresence {
            user_id: user.clone(),
            status,
            board_id: Some(board.clone()),
            task_id: task.clone(),
        });
        let tasks: Vec<_> = task.iter().chain(&before).collect();
        self.tell_board(board, &tasks, user, &event, |to| Some(to.key()) != cause);
    }

    fn tell_left(&self, board: &BoardId, user: &UserId, present: Present, cause: Option<SocketKey>) {
        let task = present.shown.task;
        let left = Ephemeral::UserLeft(data::UserLeft {
            user_id: user.clone(),
            name: present.name,
            board_id: board.clone(),
            task_id: task.clone(),
        });
        self.tell_board(board, task.as_ref().as_slice(), user, &left, |to| Some(to.key()) != cause);
    }

    /// Takes somebody off a board who may not read it any more.
    pub(crate) fn evict_presence(&self, board: &BoardId, user: &UserId) {
        let mut presence = lock(&self.presence);
        if let Some(present) = presence.remove(board, user) {
            self.tell_left(board, user, present, None);
        }
    }

    /// Lets those go whose grace has ended.
    pub(crate) fn end_graces(&self, now: Instant) {
        let mut presence = lock(&self.presence);
        let ended = presence.boards.iter().flat_map(|(board, users)| {
            let ended = users.iter().filter(|(_, present)| present.leaves_at.is_some_and(|at| at <= now));
            ended.map(|(user, _)| (board.clone(), user.clone()))
        });
        for (board, user) in ended.collect::<Vec<_>>() {
            let Some(present) = presence.remove(&board, &user) else { continue };
            if !self.is_connected(&user) {
                let task = present.shown.task.clone();
                self.tell_presence(&board, &user, data::PresenceStatus::Offline, task, None, None);
            }
            self.tell_left(&board, &user, present, None);
        }
    }

    /// Who is present on a board, or has this task of it open: each user once, in the order in which they came. Those
    /// whose connection was lost a moment ago are among them.
    #[must_use]
    pub fn viewers(&self, board: &BoardId, task: Option<&TaskId>) -> Vec<Viewer> {
        let presence = lock(&self.presence);
        let users = presence.boards.get(board).into_iter().flatten();
        let wanted = users.filter(|(_, present)| {
            let on_task = |(_, spot): &(SocketKey, Spot)| spot.task.as_ref() == task;
            task.is_none() || present.spots.iter().any(on_task)
        });
        let mut viewers: Vec<_> = wanted
            .map(|(user, present)| Viewer {
                user_id: user.clone(),
                name: present.name.clone(),
                status: present.shown.status,
                task_id: present.shown.task.clone(),
                since: present.since,
            })
            .collect();
        viewers.sort_by(|one, other| (one.since, &one.user_id).cmp(&(other.since, &other.user_id)));
        viewers
    }
}
