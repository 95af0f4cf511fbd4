//! Who is typing where. It ends by itself, and others hear of one user at most once a second, however fast the user
//! types, stops and begins again: what is due later is what is true then.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use boardwire_protocol::{BoardId, Ephemeral, TaskId, UserId, data};

use crate::{
    About, Frame, Hub, JoinError,
    hub::lock,
    socket::{Socket, SocketKey},
};

/// How long somebody types who does not say so again.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two events about one user on one board.
const PAUSE: Duration = Duration::from_secs(1);

/// On a task, or on the board itself.
type Place = Option<TaskId>;

/// A user who types on a board, or did a moment ago.
struct Typist {
    /// Where each connection types, and until when.
    places: HashMap<SocketKey, (Place, Instant)>,
    /// What the others have been told.
    shown: BTreeSet<Place>,
    /// The next event is not told before.
    next: Instant,
}

/// Those who type. Bounded by the connections: each types in one place.
#[derive(Default)]
pub(crate) struct Typing {
    typists: HashMap<(BoardId, UserId), Typist>,
}

impl Hub {
    /// A socket's user types on a task, or on the board itself; in no other place then.
    ///
    /// # Errors
    /// [`JoinError::NoBoard`] when the user may not read the board now.
    pub async fn start_typing(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        task: Option<&TaskId>,
    ) -> Result<(), JoinError> {
        let channel = self.open(board).await?.ok_or(JoinError::NoBoard)?;
        let now = self.clock.monotonic();
        let mut typing = lock(&self.typing);
        if !channel.lock().may_read(socket) {
            return Err(JoinError::NoBoard);
        }
        let before = {
            let mut asked = socket.asked();
            if asked.gone {
                return Err(JoinError::Gone);
            }
            asked.typing.replace(board.clone())
        };
        if let Some(before) = before.filter(|before| before != board) {
            self.end(&mut typing, &before, socket, now);
        }
        let typist = typing.typists.entry((board.clone(), socket.user().clone())).or_insert_with(|| Typist {
            places: HashMap::new(),
            shown: BTreeSet::new(),
            next: now,
        });
        typist.places.insert(socket.key(), (task.cloned(), now + SILENCE));
        self.tell_typing(typist, board, socket.user(), now);
        Ok(())
    }

    /// A socket's user types no more in this place. If it has gone on to another one meanwhile, that is left alone.
    pub fn stop_typing(&self, socket: &Socket, board: &BoardId, task: Option<&TaskId>) {
        let mut typing = lock(&self.typing);
        let typist = typing.typists.get(&(board.clone(), socket.user().clone()));
        let place = typist.and_then(|typist| typist.places.get(&socket.key()));
        if place.is_some_and(|(place, _)| place.as_ref() == task) {
            socket.asked().typing = None;
            self.end(&mut typing, board, socket, self.clock.monotonic());
        }
    }

    /// A socket's user types nowhere any more.
    pub(crate) fn leave_typing(&self, socket: &Socket) {
        let mut typing = lock(&self.typing);
        let Some(board) = socket.asked().typing.take() else { return };
        self.end(&mut typing, &board, socket, self.clock.monotonic());
    }

    fn end(&self, typing: &mut Typing, board: &BoardId, socket: &Socket, now: Instant) {
        if let Some(typist) = typing.typists.get_mut(&(board.clone(), socket.user().clone())) {
            typist.places.remove(&socket.key());
            self.tell_typing(typist, board, socket.user(), now);
        }
    }

    /// Tells the others one thing that is not as they were told, if it is time for that.
    fn tell_typing(&self, typist: &mut Typist, board: &BoardId, user: &UserId, now: Instant) {
        if now < typist.next {
            return;
        }
        let places: BTreeSet<_> = typist.places.values().map(|(place, _)| place).collect();
        let over = typist.shown.iter().find(|place| !places.contains(place)).cloned();
        let begun = places.into_iter().find(|place| !typist.shown.contains(*place)).cloned();
        let about =
            |task: &Place| data::Typing { user_id: user.clone(), board_id: Some(board.clone()), task_id: task.clone() };
        let (place, event) = if let Some(place) = over {
            typist.shown.remove(&place);
            let event = Ephemeral::TypingStop(about(&place));
            (place, event)
        } else if let Some(place) = begun {
            typist.shown.insert(place.clone());
            let event = Ephemeral::TypingStart(about(&place));
            (place, event)
        } else {
            return;
        };
        typist.next = now + PAUSE;
        self.tell_board(board, place.as_ref().as_slice(), user, &event, |to| to.user() != user);
    }

    /// Tells somebody who has just come to a board, or to a task of it, who types there.
    pub(crate) fn tell_typists(&self, socket: &Socket, board: &BoardId, task: Option<&TaskId>) {
        let typing = lock(&self.typing);
        if !self.channel(board).is_some_and(|channel| channel.lock().may_read(socket)) {
            return;
        }
        let others = typing.typists.iter().filter(|((on, user), _)| on == board && user != socket.user());
        for ((_, user), typist) in others {
            for place in typist.shown.iter().filter(|place| task.is_none() || place.as_ref() == task) {
                let data =
                    data::Typing { user_id: user.clone(), board_id: Some(board.clone()), task_id: place.clone() };
                let about = About { board: Some(board), actor: Some(user) };
                socket.outbox().push(Frame::ephemeral(&*self.clock, &Ephemeral::TypingStart(data), about));
            }
        }
    }

    /// Ends what was not renewed, and tells what had to wait.
    pub(crate) fn end_silences(&self, now: Instant) {
        lock(&self.typing).typists.retain(|(board, user), typist| {
            typist.places.retain(|_, (_, until)| *until > now);
            self.tell_typing(typist, board, user, now);
            !typist.places.is_empty() || typist.next > now
        });
    }

    /// Ends the typing of somebody who may not read the board any more.
    pub(crate) fn evict_typing(&self, board: &BoardId, user: &UserId) {
        let now = self.clock.monotonic();
        let mut typing = lock(&self.typing);
        if let Some(typist) = typing.typists.get_mut(&(board.clone(), user.clone())) {
            typist.places.clear();
            self.tell_typing(typist, board, user, now);
        }
    }
}
