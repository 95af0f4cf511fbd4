//! Joining a board's events: now, or from where one was, without a hole and without a repeat.

use std::{fmt, sync::Arc};

use boardwire_protocol::{
    BoardId, Epoch, KindSet, Pattern, Seq, SubscriptionId, TaskId, ViewerStatus, session::Filters,
};
use boardwire_services::storage::{LogEntry, StorageError};

use crate::{
    Hub,
    channel::{Channel, State},
    hub::lock,
    interest::{Interest, InterestKey},
    presence::Leaving,
    publish::PAGE,
    recent::Replaying,
    socket::{Place, Socket},
};

/// All connections of a user together may have so many times the subscriptions to all boards that one may have.
const USERS_SHARE: usize = 8;
/// How much of the log, in bytes, is delivered before the connection is asked whether it has room for more.
const STEP: usize = 1 << 20;

/// Where a client was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The last event that it has.
    pub since: Seq,
    /// The epoch that `since` belongs to, if it knows.
    pub epoch: Option<Epoch>,
}

/// A subscription as asked for.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// A new id.
    pub id: SubscriptionId,
    /// Which events.
    pub pattern: Pattern,
    /// Which of them.
    pub filters: Filters,
}

/// A socket that has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Everything after this is delivered live; everything before has been, where the client resumed.
    pub seq: Seq,
    /// The epoch that `seq` belongs to.
    pub epoch: Option<Epoch>,
    /// Where the client resumed: whether it got all that it missed.
    pub recovered: Option<bool>,
}

/// Why a socket could not join.
#[derive(Debug)]
pub enum JoinError {
    /// There is no such board, or the user may not read it now.
    NoBoard,
    /// The socket has as many subscriptions as it may.
    Limit(usize),
    /// All sockets of the user together have as many subscriptions to all boards as they may.
    UsersLimit(usize),
    /// The connection ended meanwhile.
    Gone,
    /// The log can't be read.
    Storage(StorageError),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBoard => f.write_str("no such board"),
            Self::Limit(max) => write!(f, "a socket has at most {max} subscriptions"),
            Self::UsersLimit(max) => {
                write!(f, "all sockets of a user together have at most {max} subscriptions without a board")
            }
            Self::Gone => f.write_str("the connection ended"),
            Self::Storage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<StorageError> for JoinError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl Hub {
    /// Subscribes to one board.
    ///
    /// # Errors
    /// [`JoinError`]; the socket has the subscriptions that it had.
    pub async fn subscribe(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        subscription: Subscription,
        resume: Option<Resume>,
    ) -> Result<Joined, JoinError> {
        self.check_limit(socket)?;
        let key = InterestKey::Subscription(subscription.id.clone());
        let interest = Interest::new(key, subscription.pattern.kinds()).with_filters(&subscription.filters);
        self.join(socket, board, interest, resume, |socket| {
            socket.asked().subscriptions.insert(subscription.id.clone(), Place::Board(board.clone()));
        })
        .await
    }

    /// Subscribes to all boards that the user may read, as that set changes.
    ///
    /// # Errors
    /// [`JoinError::Limit`] and [`JoinError::UsersLimit`].
    pub fn subscribe_everywhere(&self, socket: &Arc<Socket>, subscription: Subscription) -> Result<(), JoinError> {
        self.check_limit(socket)?;
        let key = InterestKey::Subscription(subscription.id.clone());
        let mut interest = Interest::new(key, subscription.pattern.kinds()).with_filters(&subscription.filters);
        interest.everywhere = true;
        let mut asked = socket.asked();
        if asked.gone {
            return Err(JoinError::Gone);
        }
        {
            let mut everywhere = lock(&self.everywhere);
            let listed = (Arc::clone(socket), interest.clone());
            let theirs = if socket.is_admin() {
                &mut everywhere.admins
            } else {
                everywhere.by_user.entry(socket.user().clone()).or_default()
            };
            let limit = self.max_subscriptions.saturating_mul(USERS_SHARE);
            if !socket.is_admin() && theirs.len() >= limit {
                return Err(JoinError::UsersLimit(limit));
            }
            theirs.push(listed);
        }
        asked.subscriptions.insert(subscription.id, Place::Everywhere);
        drop(asked);
        for channel in self.channels() {
            channel.lock().hear_everywhere(socket, &interest);
        }
        Ok(())
    }

    /// Views a board, in place of the one viewed before.
    ///
    /// # Errors
    /// [`JoinError`]; the socket views what it viewed.
    pub async fn view_board(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        resume: Option<Resume>,
    ) -> Result<Joined, JoinError> {
        let interest = Interest::new(InterestKey::BoardView, KindSet::ALL);
        let mut previous = None;
        let joined = self
            .join(socket, board, interest, resume, |socket| {
                previous = socket.asked().board_view.replace(board.clone());
            })
            .await?;
        let is_new = previous.as_ref() != Some(board);
        if let Some(previous) = previous.filter(|_| is_new) {
            self.leave(socket, &previous, &InterestKey::BoardView);
        }
        self.refresh(socket, Leaving::AtOnce);
        if is_new {
            self.tell_typists(socket, board, None);
        }
        Ok(joined)
    }

    /// Views a task, in place of the one viewed before.
    ///
    /// # Errors
    /// [`JoinError`]; the socket views what it viewed.
    pub async fn view_task(&self, socket: &Arc<Socket>, board: &BoardId, task: &TaskId) -> Result<Joined, JoinError> {
        let mut interest = Interest::new(InterestKey::TaskView, KindSet::ALL);
        interest.task = Some(task.clone());
        let mut previous = None;
        let joined = self
            .join(socket, board, interest, None, |socket| {
                previous = socket.asked().task_view.replace((board.clone(), task.clone()));
            })
            .await?;
        if let Some((previous, _)) = previous.filter(|(previous, _)| previous != board) {
            self.leave(socket, &previous, &InterestKey::TaskView);
        }
        self.refresh(socket, Leaving::AtOnce);
        // Who views the board has been told.
        if socket.asked().board_view.as_ref() != Some(board) {
            self.tell_typists(socket, board, Some(task));
        }
        Ok(joined)
    }

    /// Views nothing any more, and is nowhere.
    pub fn view_nothing(&self, socket: &Arc<Socket>) {
        self.leave_views(socket);
        self.refresh(socket, Leaving::AtOnce);
    }

    /// Says how a socket's user is there, and, with a board, where. `None` keeps what was said before.
    ///
    /// # Errors
    /// [`JoinError`]; nothing was changed.
    pub async fn declare(
        &self,
        socket: &Arc<Socket>,
        status: ViewerStatus,
        place: Option<(BoardId, Option<TaskId>)>,
    ) -> Result<(), JoinError> {
        if let Some((board, _)) = &place {
            let channel = self.open(board).await?.ok_or(JoinError::NoBoard)?;
            if !channel.lock().may_read(socket) {
                return Err(JoinError::NoBoard);
            }
        }
        {
            let mut asked = socket.asked();
            asked.status = status;
            asked.declared = place.or(asked.declared.take());
        }
        self.refresh(socket, Leaving::AtOnce);
        Ok(())
    }

    pub(crate) fn leave_views(&self, socket: &Arc<Socket>) {
        let (board_view, task_view) = {
            let mut asked = socket.asked();
            asked.declared = None;
            (asked.board_view.take(), asked.task_view.take())
        };
        if let Some(board) = board_view {
            self.leave(socket, &board, &InterestKey::BoardView);
        }
        if let Some((board, _)) = task_view {
            self.leave(socket, &board, &InterestKey::TaskView);
        }
    }

    fn check_limit(&self, socket: &Socket) -> Result<(), JoinError> {
        if socket.asked().subscriptions.len() >= self.max_subscriptions {
            return Err(JoinError::Limit(self.max_subscriptions));
        }
        Ok(())
    }

    /// Registers an interest, after delivering what the client missed. `note` writes it down with the socket at the
    /// very moment at which the interest becomes live.
    async fn join(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        interest: Interest,
        resume: Option<Resume>,
        mut note: impl FnMut(&Socket),
    ) -> Result<Joined, JoinError> {
        let channel = self.open(board).await?.ok_or(JoinError::NoBoard)?;
        let (mut cursor, mut recovered) = match &resume {
            Some(resume) => self.reachable(&channel, resume).await?,
            None => (None, None),
        };
        let _replaying = cursor.is_some().then(|| Replaying::begin(&channel));
        // Somebody who became a member a moment ago may be ahead of the channel.
        if !channel.lock().may_read(socket)
            && let Some(head) = self.log.head(board).await?
        {
            self.settle_channel(&channel, head.seq).await;
        }
        loop {
            {
                let mut state = channel.lock();
                if !state.may_read(socket) {
                    return Err(JoinError::NoBoard);
                }
                state.follow_everywhere(&self.everywhere);
                let at_hand = cursor.is_none_or(|cursor| replay_recent(&state, socket, &interest, cursor));
                if at_hand {
                    if socket.asked().gone {
                        return Err(JoinError::Gone);
                    }
                    let served = resume.as_ref().filter(|_| recovered == Some(true)).map(|resume| resume.since);
                    let from = served.unwrap_or(state.delivered).min(state.delivered);
                    state.add(socket, Interest { from, ..interest });
                    note(socket);
                    return Ok(Joined { seq: state.delivered, epoch: state.epoch.clone(), recovered });
                }
            }
            let Some(from) = cursor else { continue };
            let entries = self.log.read(board, from, PAGE).await?;
            if entries.first().is_none_or(|entry| entry.seq != from.next()) {
                // The log was cut off behind the client's back.
                (cursor, recovered) = (None, Some(false));
                continue;
            }
            cursor = Some(replay(&channel, socket, &interest, &entries, from)?);
            drop(entries);
            if !socket.outbox().ready().await {
                return Err(JoinError::Gone);
            }
        }
    }

    /// Where a replay begins, and whether the log still reaches back that far.
    async fn reachable(&self, channel: &Channel, resume: &Resume) -> Result<(Option<Seq>, Option<bool>), JoinError> {
        let head = self.log.head(&channel.board).await?.ok_or(JoinError::NoBoard)?;
        let same_log = resume.epoch.as_ref().is_none_or(|epoch| *epoch == head.epoch);
        if !same_log || resume.since > head.seq || resume.since.next() < head.oldest {
            return Ok((None, Some(false)));
        }
        // The client has seen this far elsewhere; the channel must not be behind it.
        self.settle_channel(channel, resume.since).await;
        Ok((Some(resume.since), Some(true)))
    }
}

/// Delivers from what the channel has at hand; `false`: it does not reach back to `cursor`, or it is more than a step.
fn replay_recent(state: &State, socket: &Socket, interest: &Interest, cursor: Seq) -> bool {
    let size = |entry: &Arc<LogEntry>| entry.envelope.get().len();
    let one_step = |cursor| Some(state.recent_after(cursor)?.map(size).sum::<usize>() <= STEP);
    let Some(entries) = state.recent_after(cursor).filter(|_| one_step(cursor) == Some(true)) else { return false };
    for entry in entries {
        replay_one(state, socket, interest, entry);
    }
    true
}

/// Delivers a step of the log, as long as the user may read the board, and returns how far it got. What the channel has
/// not delivered yet is left to the channel: it would come twice.
fn replay(
    channel: &Channel,
    socket: &Socket,
    interest: &Interest,
    page: &[Arc<LogEntry>],
    from: Seq,
) -> Result<Seq, JoinError> {
    let state = channel.lock();
    if !state.may_read(socket) {
        return Err(JoinError::NoBoard);
    }
    let (mut cursor, mut bytes) = (from, 0);
    for entry in page.iter().take_while(|entry| entry.seq <= state.delivered) {
        bytes += entry.envelope.get().len();
        if bytes > STEP && cursor != from {
            break;
        }
        replay_one(&state, socket, interest, entry);
        cursor = entry.seq;
    }
    Ok(cursor)
}

fn replay_one(state: &State, socket: &Socket, interest: &Interest, entry: &Arc<LogEntry>) {
    if interest.matches(entry) && !state.has_served(socket, entry) {
        socket.deliver(entry);
    }
}
