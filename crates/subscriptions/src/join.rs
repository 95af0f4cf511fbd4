//! Joining a board's events, from now on or after a certain event, without gaps or repeats.

use std::sync::Arc;

use boardwire_protocol::{BoardId, Epoch, Seq};
use boardwire_services::storage::LogEntry;

use crate::{
    Hub, JoinError,
    channel::{Channel, State},
    interest::Interest,
    publish::PAGE,
    socket::Socket,
};

/// How many bytes of the log are delivered before checking whether the connection can take more.
const REPLAY_STEP_BYTES: usize = 1 << 20;

/// Where a client resumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The last event that the client has received.
    pub since: Seq,
    /// The epoch that `since` belongs to, if the client knows it.
    pub epoch: Option<Epoch>,
}

/// Where a socket has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Events after this one are delivered as they happen. If [`recovered`](Self::recovered) is `Some(true)`, the
    /// events that the client missed before have been delivered.
    pub seq: Seq,
    /// The epoch that `seq` belongs to.
    pub epoch: Option<Epoch>,
    /// Whether the client got everything that it missed; `None` if it did not resume.
    pub recovered: Option<bool>,
}

impl Hub {
    /// Adds an interest to a board's channel, after delivering what the client missed. `on_added` is called under
    /// the channel's lock, together with the addition, to record it in the socket.
    pub(crate) async fn join(
        &self,
        socket: &Arc<Socket>,
        board: &BoardId,
        interest: Interest,
        resume: Option<Resume>,
        mut on_added: impl FnMut(&Socket),
    ) -> Result<Joined, JoinError> {
        let channel = self.open(board).await?.ok_or(JoinError::NoBoard)?;
        let (mut cursor, mut recovered) = match &resume {
            Some(resume) => self.replay_start(&channel, resume).await?,
            None => (None, None),
        };
        let _replaying = cursor.is_some().then(|| channel.begin_replay());
        // The event that made the user a member may not have been delivered yet.
        if !channel.lock().may_read(socket)
            && let Some(head) = self.log.head(board).await?
        {
            self.wait_until_delivered(&channel, head.seq).await;
        }
        loop {
            {
                let mut state = channel.lock();
                if !state.may_read(socket) {
                    return Err(JoinError::NoBoard);
                }
                state.sync_all_boards();
                let replayed = cursor.is_none_or(|cursor| replay_recent(&state, socket, &interest, cursor));
                if replayed {
                    if socket.state().gone {
                        return Err(JoinError::Gone);
                    }
                    let delivered_since =
                        resume.as_ref().filter(|_| recovered == Some(true)).map(|resume| resume.since);
                    let from = delivered_since.unwrap_or(state.delivered).min(state.delivered);
                    state.add(socket, Interest { from, ..interest });
                    on_added(socket);
                    return Ok(Joined { seq: state.delivered, epoch: state.epoch.clone(), recovered });
                }
            }
            let Some(from) = cursor else { continue };
            let entries = self.log.read(board, from, PAGE).await?;
            if entries.first().is_none_or(|entry| entry.seq != from.next()) {
                // The log no longer reaches back that far.
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

    /// Returns where a replay begins, and whether the log reaches back that far.
    async fn replay_start(&self, channel: &Channel, resume: &Resume) -> Result<(Option<Seq>, Option<bool>), JoinError> {
        let head = self.log.head(&channel.board).await?.ok_or(JoinError::NoBoard)?;
        let same_log = resume.epoch.as_ref().is_none_or(|epoch| *epoch == head.epoch);
        if !same_log || resume.since > head.seq || resume.since.next() < head.oldest {
            return Ok((None, Some(false)));
        }
        // The client has already received the events up to `since`; the channel must not deliver them again.
        self.wait_until_delivered(channel, resume.since).await;
        Ok((Some(resume.since), Some(true)))
    }
}

/// Delivers the recent events after `cursor`. Returns `false`, and delivers nothing, if the channel does not have all
/// of them, or if they have more bytes than a step.
fn replay_recent(state: &State, socket: &Socket, interest: &Interest, cursor: Seq) -> bool {
    let size = |entry: &Arc<LogEntry>| entry.envelope.get().len();
    let fits_one_step = |cursor| Some(state.recent_after(cursor)?.map(size).sum::<usize>() <= REPLAY_STEP_BYTES);
    let Some(entries) = state.recent_after(cursor).filter(|_| fits_one_step(cursor) == Some(true)) else {
        return false;
    };
    for entry in entries {
        replay_one(state, socket, interest, entry);
    }
    true
}

/// Delivers one step of a page of the log, if the user may read the board, and returns the last event delivered. Events
/// that the channel has not delivered yet are left to the channel; otherwise they would be delivered twice.
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
        if bytes > REPLAY_STEP_BYTES && cursor != from {
            break;
        }
        replay_one(&state, socket, interest, entry);
        cursor = entry.seq;
    }
    Ok(cursor)
}

fn replay_one(state: &State, socket: &Socket, interest: &Interest, entry: &Arc<LogEntry>) {
    if interest.matches(entry) && !state.has_delivered(socket, entry) {
        socket.deliver(entry);
    }
}
