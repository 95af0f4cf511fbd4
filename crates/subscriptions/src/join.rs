//! Joining a board's events: now, or from where one was, without a hole and without a repeat.

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

impl Hub {
    /// Registers an interest, after delivering what the client missed. `note` writes it down with the socket at the
    /// very moment at which the interest becomes live.
    pub(crate) async fn join(
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
        let _replaying = cursor.is_some().then(|| channel.begin_replay());
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
                state.follow_everywhere();
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
