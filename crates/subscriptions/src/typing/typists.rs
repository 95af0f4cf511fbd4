//! The users who type, and the events that say so.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Ephemeral, TaskId, UserId, data};

use crate::{
    ephemeral::{BoardEvent, Recipients},
    socket::{Socket, SocketKey},
};

/// The least time between two events about one user on one board.
const PAUSE: Duration = Duration::from_secs(1);

/// The users who type on each board, or did a moment ago.
#[derive(Default)]
pub(super) struct Typists(HashMap<(BoardId, UserId), Typist>);

/// A user who types on a board. A place is a task, or `None` for the board itself.
struct Typist {
    /// The place where each connection types, and until when.
    places: HashMap<SocketKey, (Option<TaskId>, Instant)>,
    /// The places of which the others have been told that the user types there.
    shown: BTreeSet<Option<TaskId>>,
    /// The earliest time of the next event.
    next: Instant,
}

impl Typists {
    /// Has a socket's user type in this place, until `ends_at`.
    pub(super) fn start(
        &mut self,
        board: &BoardId,
        task: Option<&TaskId>,
        socket: &Socket,
        now: Instant,
        ends_at: Instant,
    ) -> Option<BoardEvent> {
        let typist = self.0.entry((board.clone(), socket.user().clone())).or_insert_with(|| Typist {
            places: HashMap::new(),
            shown: BTreeSet::new(),
            next: now,
        });
        typist.places.insert(socket.key(), (task.cloned(), ends_at));
        typist.show(board, socket.user(), now)
    }

    /// Returns whether the socket types in this place.
    pub(super) fn types_on(&self, board: &BoardId, task: Option<&TaskId>, socket: &Socket) -> bool {
        let typist = self.0.get(&(board.clone(), socket.user().clone()));
        let place = typist.and_then(|typist| typist.places.get(&socket.key()));
        place.is_some_and(|(place, _)| place.as_ref() == task)
    }

    /// Ends the typing of a socket on a board.
    pub(super) fn end(&mut self, board: &BoardId, socket: &Socket, now: Instant) -> Option<BoardEvent> {
        let typist = self.0.get_mut(&(board.clone(), socket.user().clone()))?;
        typist.places.remove(&socket.key());
        typist.show(board, socket.user(), now)
    }

    /// Ends the typing of a user on a board, over all connections.
    pub(super) fn evict(&mut self, board: &BoardId, user: &UserId, now: Instant) -> Option<BoardEvent> {
        let typist = self.0.get_mut(&(board.clone(), user.clone()))?;
        typist.places.clear();
        typist.show(board, user, now)
    }

    /// Ends what was not renewed, and queues the events that are due.
    pub(super) fn end_silences(&mut self, now: Instant, events: &mut VecDeque<BoardEvent>) {
        self.0.retain(|(board, user), typist| {
            typist.places.retain(|_, (_, ends_at)| *ends_at > now);
            events.extend(typist.show(board, user, now));
            !typist.places.is_empty() || typist.next > now
        });
    }

    /// Returns the events for a socket that has just come to a board, or to a task of it: where others type, as far as
    /// those who were there before know.
    pub(super) fn for_newcomer(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        task: Option<&TaskId>,
    ) -> impl Iterator<Item = BoardEvent> {
        let others = self.0.iter().filter(move |((on, user), _)| on == board && user != socket.user());
        others.flat_map(move |((_, user), typist)| {
            let wanted = typist.shown.iter().filter(move |place| task.is_none() || place.as_ref() == task);
            wanted.map(move |place| {
                let recipients = Recipients::Only(Arc::clone(socket));
                event(Ephemeral::TypingStart, board, user, place.clone(), recipients)
            })
        })
    }
}

impl Typist {
    /// Returns an event about one place that is not as the others were told, if enough time has passed since the last.
    fn show(&mut self, board: &BoardId, user: &UserId, now: Instant) -> Option<BoardEvent> {
        if now < self.next {
            return None;
        }
        let places: BTreeSet<_> = self.places.values().map(|(place, _)| place).collect();
        let ended = self.shown.iter().find(|place| !places.contains(place)).cloned();
        let (make, place): (fn(_) -> _, _) = if let Some(place) = ended {
            self.shown.remove(&place);
            (Ephemeral::TypingStop, place)
        } else {
            let place = places.into_iter().find(|place| !self.shown.contains(*place)).cloned()?;
            self.shown.insert(place.clone());
            (Ephemeral::TypingStart, place)
        };
        self.next = now + PAUSE;
        Some(event(make, board, user, place, Recipients::OtherUsers))
    }
}

fn event(
    make: fn(data::Typing) -> Ephemeral,
    board: &BoardId,
    user: &UserId,
    place: Option<TaskId>,
    recipients: Recipients,
) -> BoardEvent {
    let data = data::Typing { user_id: user.clone(), board_id: Some(board.clone()), task_id: place.clone() };
    BoardEvent {
        board: board.clone(),
        tasks: place.into_iter().collect(),
        user: user.clone(),
        event: make(data),
        recipients,
    }
}
