//! The users present on each board, and the events that announce changes.

use std::{collections::HashMap, time::Instant};

use boardwire_protocol::{BoardId, Ephemeral, TaskId, Timestamp, UserId, Viewer, ViewerStatus, data};

use crate::{
    ephemeral::{BoardEvent, Recipients},
    socket::{Socket, SocketKey, Spot},
};

/// The users present on each board.
#[derive(Default)]
pub(super) struct Boards(HashMap<BoardId, HashMap<UserId, Present>>);

/// A user who is present on a board.
struct Present {
    name: String,
    since: Timestamp,
    /// Where each connection is; the one that changed last comes last.
    spots: Vec<(SocketKey, Spot)>,
    /// What was last announced to the others.
    announced: Spot,
    /// When the grace period ends, for a user without a connection here.
    leaves_at: Option<Instant>,
}

impl Boards {
    pub(super) fn is_occupied(&self, board: &BoardId) -> bool {
        self.0.contains_key(board)
    }

    /// Registers a socket as present on a board, or changes its spot there.
    pub(super) fn arrive(
        &mut self,
        socket: &Socket,
        board: &BoardId,
        spot: &Spot,
        now: Timestamp,
    ) -> Option<BoardEvent> {
        let users = self.0.entry(board.clone()).or_default();
        if let Some(present) = users.get_mut(socket.user()) {
            present.leaves_at = None;
            present.set(socket.key(), spot);
            return present.announce(board, socket);
        }
        let name = socket.caller().principal().name.clone();
        let present = Present {
            name: name.clone(),
            since: now,
            spots: vec![(socket.key(), spot.clone())],
            announced: spot.clone(),
            leaves_at: None,
        };
        users.insert(socket.user().clone(), present);
        Some(BoardEvent {
            board: board.clone(),
            tasks: spot.task.iter().cloned().collect(),
            user: socket.user().clone(),
            event: Ephemeral::UserJoined(data::UserJoined {
                user_id: socket.user().clone(),
                name,
                board_id: board.clone(),
                task_id: spot.task.clone(),
            }),
            recipients: Recipients::AllBut(socket.key()),
        })
    }

    /// Removes a socket from a board. If it was the user's last one there, the user leaves: at `leaves_at`, or now.
    pub(super) fn depart(
        &mut self,
        socket: &Socket,
        board: &BoardId,
        leaves_at: Option<Instant>,
    ) -> Option<BoardEvent> {
        let present = self.0.get_mut(board)?.get_mut(socket.user())?;
        present.spots.retain(|(key, _)| *key != socket.key());
        if !present.spots.is_empty() {
            return present.announce(board, socket);
        }
        if leaves_at.is_some() {
            present.leaves_at = leaves_at;
            return None;
        }
        let present = self.remove(board, socket.user())?;
        Some(left_event(board, socket.user(), present, Recipients::AllBut(socket.key())))
    }

    /// Removes a user from a board, with all connections.
    pub(super) fn evict(&mut self, board: &BoardId, user: &UserId) -> Option<BoardEvent> {
        let present = self.remove(board, user)?;
        Some(left_event(board, user, present, Recipients::All))
    }

    /// Returns the users whose grace period has ended, with the boards.
    pub(super) fn with_grace_period_over(&self, now: Instant) -> Vec<(BoardId, UserId)> {
        let ended = self.0.iter().flat_map(|(board, users)| {
            let ended = users.iter().filter(|(_, present)| present.leaves_at.is_some_and(|at| at <= now));
            ended.map(|(user, _)| (board.clone(), user.clone()))
        });
        ended.collect()
    }

    /// Removes a user whose grace period has ended. The events say that the user left, and before that, if
    /// `is_offline`, that there is no connection elsewhere either.
    pub(super) fn end_grace(&mut self, board: &BoardId, user: &UserId, is_offline: bool) -> Vec<BoardEvent> {
        let Some(present) = self.remove(board, user) else { return Vec::new() };
        let offline = is_offline.then(|| {
            let task = present.announced.task.clone();
            presence_event(board, user, data::PresenceStatus::Offline, task, None, Recipients::All)
        });
        offline.into_iter().chain([left_event(board, user, present, Recipients::All)]).collect()
    }

    /// Returns the users on a board, or on this task of it, in the order in which they came.
    pub(super) fn viewers(&self, board: &BoardId, task: Option<&TaskId>) -> Vec<Viewer> {
        let users = self.0.get(board).into_iter().flatten();
        let wanted = users.filter(|(_, present)| {
            let on_task = |(_, spot): &(SocketKey, Spot)| spot.task.as_ref() == task;
            task.is_none() || present.spots.iter().any(on_task)
        });
        let mut viewers: Vec<_> = wanted
            .map(|(user, present)| Viewer {
                user_id: user.clone(),
                name: present.name.clone(),
                status: present.announced.status,
                task_id: present.announced.task.clone(),
                since: present.since,
            })
            .collect();
        viewers.sort_by(|one, other| (one.since, &one.user_id).cmp(&(other.since, &other.user_id)));
        viewers
    }

    fn remove(&mut self, board: &BoardId, user: &UserId) -> Option<Present> {
        let users = self.0.get_mut(board)?;
        let removed = users.remove(user);
        if users.is_empty() {
            self.0.remove(board);
        }
        removed
    }
}

impl Present {
    /// Returns the spot of the user over all connections: online if one of them is, and on the task opened last.
    fn combined(&self) -> Spot {
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

    /// Returns the event for the others if the combined spot differs from the one announced. `socket` caused the
    /// change.
    fn announce(&mut self, board: &BoardId, socket: &Socket) -> Option<BoardEvent> {
        let combined = self.combined();
        if self.announced == combined {
            return None;
        }
        let before = std::mem::replace(&mut self.announced, combined.clone());
        let recipients = Recipients::AllBut(socket.key());
        Some(presence_event(board, socket.user(), combined.status.into(), combined.task, before.task, recipients))
    }
}

/// Returns the event that gives a user's status and open task on a board. It also concerns the task that was open
/// `before`.
fn presence_event(
    board: &BoardId,
    user: &UserId,
    status: data::PresenceStatus,
    task: Option<TaskId>,
    before: Option<TaskId>,
    recipients: Recipients,
) -> BoardEvent {
    BoardEvent {
        board: board.clone(),
        tasks: task.iter().cloned().chain(before).collect(),
        user: user.clone(),
        event: Ephemeral::UserPresence(data::UserPresence {
            user_id: user.clone(),
            status,
            board_id: Some(board.clone()),
            task_id: task,
        }),
        recipients,
    }
}

/// Returns the event that says that a user, who was `present`, has left a board.
fn left_event(board: &BoardId, user: &UserId, present: Present, recipients: Recipients) -> BoardEvent {
    let task = present.announced.task;
    BoardEvent {
        board: board.clone(),
        tasks: task.iter().cloned().collect(),
        user: user.clone(),
        event: Ephemeral::UserLeft(data::UserLeft {
            user_id: user.clone(),
            name: present.name,
            board_id: board.clone(),
            task_id: task,
        }),
        recipients,
    }
}
