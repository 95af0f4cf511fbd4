//! Hands committed events to their channels, and reads missing ones from the log.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Ephemeral, EventKind, Seq, Timestamp, UserId};
use boardwire_services::{
    Publisher, UserEvent,
    storage::{LogEntry, StorageError},
};
use tokio::time::timeout;

use crate::{Hub, all_boards::LOOK_BACK, channel::Channel, frame::About, lock::lock, presence::Leaving};

/// How long to wait for a committed event to be published before it is read from the log.
const IN_FLIGHT: Duration = Duration::from_millis(250);
/// How long a reply waits for the delivery of events, for example while the log can't be read.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many events before the head of the log a channel begins at most: see [`LOOK_BACK`].
const LOOK_BACK_EVENTS: u64 = 1024;
/// The most events in one read of the log.
pub(crate) const PAGE: u32 = 256;

#[async_trait]
impl Publisher for Hub {
    async fn publish(&self, entries: &[Arc<LogEntry>]) {
        let Some(last) = entries.last() else { return };
        let count = entries.len() as u64;
        self.counts.events.fetch_add(count, Ordering::Relaxed);
        lock(&self.counts.boards).count(&last.board_id, count, self.clock.monotonic());
        let channel = match self.channels.get(&last.board_id) {
            Some(channel) => channel,
            None if self.all_boards.note_if_without_subscribers(last, self.clock.monotonic()) => {
                return self.evict_removed(entries);
            }
            None => self.channels.get_or_new(&last.board_id),
        };
        for entry in entries {
            self.offer(&channel, entry);
        }
        self.wait_until_delivered(&channel, last.seq).await;
    }

    fn send_to_users(&self, events: &[UserEvent]) {
        for event in events {
            match event {
                UserEvent::Notified(notification) => self.notifications.add(notification),
                UserEvent::Read { user, data, origin } => {
                    let event = Ephemeral::NotificationRead(data.clone());
                    self.ephemeral.send_to_user(user, &event, About::default(), *origin);
                }
            }
        }
    }

    async fn wait_until_queued(&self, board: &BoardId, seq: Seq) {
        let channel = match self.channels.get(board) {
            Some(channel) => channel,
            None if self.all_boards.is_empty() => return,
            None => self.channels.get_or_new(board),
        };
        self.wait_until_delivered(&channel, seq).await;
    }

    fn check_log(&self) {
        self.check_requested.notify_one();
    }
}

impl Hub {
    /// Returns the channel of a board, open and caught up with the log. `None`: there is no such board.
    pub(crate) async fn open(&self, board: &BoardId) -> Result<Option<Arc<Channel>>, StorageError> {
        let channel = self.channels.get_or_new(board);
        let Some(head) = self.ensure_open(&channel).await? else {
            self.channels.remove(&channel);
            return Ok(None);
        };
        self.wait_until_delivered(&channel, head).await;
        Ok(Some(channel))
    }

    /// Opens a channel, if it is not open yet. It is in the map before the head is read, so it is offered every event
    /// that is committed later. Returns the head at which it opened; `None`: there is no such board.
    async fn ensure_open(&self, channel: &Channel) -> Result<Option<Seq>, StorageError> {
        struct NoBoard;
        let opened = channel.opened.get_or_try_init(|| async {
            let head = self.log.head(&channel.board).await.map_err(Ok)?.ok_or(Err(NoBoard))?;
            let floor = self.floor(&channel.board, head.seq).await.map_err(Ok)?;
            let seq = head.seq;
            channel.open(head, floor);
            Ok(seq)
        });
        match opened.await {
            Ok(head) => Ok(Some(*head)),
            Err(Err(NoBoard)) => Ok(None),
            Err(Ok(error)) => Err(error),
        }
    }

    fn offer(&self, channel: &Channel, entry: &Arc<LogEntry>) {
        let changed = channel.offer(entry);
        self.apply_membership_changes(channel, &changed);
    }

    /// Applies changes of memberships: a user who may no longer read the board is removed from its presence and typing;
    /// one who may read it again is present if a connection still views it.
    fn apply_membership_changes(&self, channel: &Channel, changed: &[UserId]) {
        for user in changed {
            let lost_access = !self.ephemeral.user_may_read(channel, user);
            if lost_access {
                self.evict(&channel.board, user);
            }
            for socket in self.sockets.of(user) {
                if lost_access {
                    socket.outbox().lost(&channel.board);
                }
                self.presence.refresh(&socket, Leaving::AtOnce);
            }
        }
    }

    /// Applies removals of members from a board without a channel: notifications about it may still be waiting for
    /// them.
    fn evict_removed(&self, entries: &[Arc<LogEntry>]) {
        let removed = entries.iter().filter(|entry| entry.kind == EventKind::BoardMemberRemoved);
        for (board, user) in removed.filter_map(|entry| Some((&entry.board_id, entry.subject.as_ref()?))) {
            if !self.sockets.of(user).iter().any(|socket| socket.is_admin()) {
                self.evict(board, user);
            }
        }
    }

    /// Returns the event after which a channel that is being opened starts to deliver: the head of the log. But while
    /// somebody subscribes to all boards, the channel may open amid changes whose events arrive out of order; then it
    /// starts before them, and after what was published while nobody subscribed to all boards.
    async fn floor(&self, board: &BoardId, head: Seq) -> Result<Seq, StorageError> {
        if self.all_boards.is_empty() {
            return Ok(head);
        }
        let before = Seq(head.0.saturating_sub(LOOK_BACK_EVENTS));
        let cutoff = Timestamp(self.clock.now().0 - LOOK_BACK.as_millis() as i64);
        let entries = self.log.read(board, before, LOOK_BACK_EVENTS as u32).await?;
        let older = entries.iter().take_while(|entry| entry.at < cutoff).last().map_or(before, |entry| entry.seq);
        let undelivered = self.all_boards.last_undelivered(board);
        Ok(older.max(undelivered.min(head)))
    }

    /// Waits until everything up to `seq` has been delivered, for [`DELIVERY_TIMEOUT`] at most. Reads the log when an
    /// event is not published in time.
    pub(crate) async fn wait_until_delivered(&self, channel: &Channel, seq: Seq) {
        if timeout(DELIVERY_TIMEOUT, self.deliver_up_to(channel, seq)).await.is_err() {
            tracing::error!(board = %channel.board, %seq, "events could not be delivered in time; still trying");
            self.check_log();
        }
    }

    async fn deliver_up_to(&self, channel: &Channel, seq: Seq) {
        while let Err(error) = self.ensure_open(channel).await {
            tracing::warn!(board = %channel.board, %error, "can't open the board's channel; trying again");
            tokio::time::sleep(IN_FLIGHT).await;
        }
        let mut progress = channel.watch();
        // Events offered before the channel was open are waiting in it.
        let changed = channel.release();
        self.apply_membership_changes(channel, &changed);
        loop {
            if *progress.borrow_and_update() >= seq {
                return;
            }
            if timeout(IN_FLIGHT, progress.changed()).await.is_err()
                && let Err(error) = self.read_missing(channel).await
            {
                tracing::warn!(board = %channel.board, %error, "can't read the log; trying again");
            }
        }
    }

    /// Reads the log after the last event delivered, to its end, and delivers what it contains.
    async fn read_missing(&self, channel: &Channel) -> Result<(), StorageError> {
        let _one_at_a_time = channel.reading.lock().await;
        loop {
            let after = channel.lock().delivered;
            let entries = self.log.read(&channel.board, after, PAGE).await?;
            if let Some(first) = entries.first().filter(|first| first.seq > after.next()) {
                self.skip_pruned(channel, first).await?;
            }
            for entry in &entries {
                self.offer(channel, entry);
            }
            if entries.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Continues with this event, because those before it are no longer in the log, and calls `lost` for the
    /// connections.
    async fn skip_pruned(&self, channel: &Channel, first: &LogEntry) -> Result<(), StorageError> {
        let Some(head) = self.log.head(&channel.board).await? else { return Ok(()) };
        let before = Seq(first.seq.0 - 1);
        let changed = channel.skip_to(before, head);
        tracing::warn!(board = %channel.board, %before, "events were pruned from the log before they were delivered");
        let sockets: Vec<_> = channel.lock().recipients().map(|recipient| Arc::clone(&recipient.socket)).collect();
        sockets.iter().for_each(|socket| socket.outbox().lost(&channel.board));
        self.apply_membership_changes(channel, &changed);
        Ok(())
    }

    /// Brings every channel up to date with the log. Retries until the log can be read.
    pub(crate) async fn catch_up_all(&self) {
        for channel in self.channels.all() {
            while let Err(error) = self.read_missing(&channel).await {
                tracing::warn!(board = %channel.board, %error, "can't read the log; trying again");
                tokio::time::sleep(IN_FLIGHT).await;
            }
        }
    }
}
