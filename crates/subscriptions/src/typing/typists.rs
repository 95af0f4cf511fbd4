//! The users who type, and the events that announce it.

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

/// The shortest time between two events about one user on one board.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// The users who type on each board, or did a moment ago.
#[derive(Default)]
pub(super) struct Typists(HashMap<(BoardId, UserId), Typist>);

/// A user who types on a board. A place is a task, or `None` for the board itself.
struct Typist {
    /// The place where each connection types, and when that ends.
    places: HashMap<SocketKey, (Option<TaskId>, Instant)>,
    /// The places where the others were last told that the user types.
    announced: BTreeSet<Option<TaskId>>,
    /// The earliest time of the next event.
    next: Instant,
}

impl Typists {
    /// Starts the typing of a socket's user in this place, until `ends_at`.
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
            announced: BTreeSet::new(),
            next: now,
        });
        typist.places.insert(socket.key(), (task.cloned(), ends_at));
        typist.announce(board, socket.user(), now)
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
        typist.announce(board, socket.user(), now)
    }

    /// Ends the typing of a user on a board, over all connections.
    pub(super) fn evict(&mut self, board: &BoardId, user: &UserId, now: Instant) -> Option<BoardEvent> {
        let typist = self.0.get_mut(&(board.clone(), user.clone()))?;
        typist.places.clear();
        typist.announce(board, user, now)
    }

    /// Ends typing that was not started again in time, and queues the events that are due.
    pub(super) fn end_expired(&mut self, now: Instant, events: &mut VecDeque<BoardEvent>) {
        self.0.retain(|(board, user), typist| {
            typist.places.retain(|_, (_, ends_at)| *ends_at > now);
            events.extend(typist.announce(board, user, now));
            !typist.places.is_empty() || typist.next > now
        });
    }

    /// Returns the events for a socket that has just come to a board, or to a task of it: where others type, as far as
    /// that was announced.
    pub(super) fn for_newcomer(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        task: Option<&TaskId>,
    ) -> impl Iterator<Item = BoardEvent> {
        let others = self.0.iter().filter(move |((on, user), _)| on == board && user != socket.user());
        others.flat_map(move |((_, user), typist)| {
            let wanted = typist.announced.iter().filter(move |place| task.is_none() || place.as_ref() == task);
            wanted.map(move |place| {
                let recipients = Recipients::Only(Arc::clone(socket));
                typing_event(Ephemeral::TypingStart, board, user, place.clone(), recipients)
            })
        })
    }
}

impl Typist {
    /// Returns an event about one place whose state differs from the one announced, unless the last event was too
    /// recent.
    fn announce(&mut self, board: &BoardId, user: &UserId, now: Instant) -> Option<BoardEvent> {
        if now < self.next {
            return None;
        }
        let places: BTreeSet<_> = self.places.values().map(|(place, _)| place).collect();
        let ended = self.announced.iter().find(|place| !places.contains(place)).cloned();
        let (make, place): (fn(_) -> _, _) = if let Some(place) = ended {
            self.announced.remove(&place);
            (Ephemeral::TypingStop, place)
        } else {
            let place = places.into_iter().find(|place| !self.announced.contains(*place)).cloned()?;
            self.announced.insert(place.clone());
            (Ephemeral::TypingStart, place)
        };
        self.next = now + MIN_INTERVAL;
        Some(typing_event(make, board, user, place, Recipients::OtherUsers))
    }
}

fn typing_event(
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
