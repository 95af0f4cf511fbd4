//! Two users view one board, with the log in memory. Prints the events that each of them gets.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use boardwire_auth::{CredentialId, Permissions, Principal};
use boardwire_protocol::{BoardId, Epoch, EventKind, Seq};
use boardwire_services::{
    Caller, Publisher as _,
    clock::{Clock, SystemClock},
    storage::{Head, Log, LogEntry, StorageResult},
};
use boardwire_subscriptions::{Frame, Hub, Outbox, Resume, Socket, SocketKey};
use serde_json::value::RawValue;

/// The log of one board, whose members are Ada and Bob.
struct MemoryLog {
    epoch: Epoch,
    entries: Mutex<Vec<Arc<LogEntry>>>,
}

impl MemoryLog {
    /// Appends an event, and returns it.
    fn append(&self, board: &BoardId, kind: EventKind) -> Result<Arc<LogEntry>, Box<dyn Error>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Arc::new(LogEntry {
            board_id: board.clone(),
            seq: Seq(entries.len() as u64 + 1),
            kind,
            task_id: None,
            subject: None,
            actor: None,
            origin: None,
            at: SystemClock.now(),
            envelope: RawValue::from_string("{}".to_owned())?,
        });
        entries.push(Arc::clone(&entry));
        Ok(entry)
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn head(&self, _: &BoardId) -> StorageResult<Option<Head>> {
        let seq = Seq(self.entries.lock().unwrap_or_else(PoisonError::into_inner).len() as u64);
        let members = ["ada", "bob"].into_iter().filter_map(|user| user.try_into().ok()).collect();
        Ok(Some(Head { seq, oldest: Seq(1), epoch: self.epoch.clone(), members }))
    }

    async fn read(&self, _: &BoardId, after: Seq, limit: u32) -> StorageResult<Vec<Arc<LogEntry>>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.iter().skip(after.0 as usize).take(limit as usize).cloned().collect())
    }
}

/// A connection that prints what it is sent.
struct Printer(&'static str);

#[async_trait]
impl Outbox for Printer {
    fn push(&self, frame: Frame) {
        match &frame {
            Frame::Durable(entry) => println!("{} gets event {}: {}", self.0, entry.seq, entry.kind.name()),
            Frame::Ephemeral(kind, _) => println!("{} gets {}", self.0, kind.name()),
        }
    }

    async fn ready(&self) -> bool {
        true
    }
}

fn connect(hub: &Hub, key: i64, user: &'static str) -> Result<Arc<Socket>, Box<dyn Error>> {
    let caller = Caller::new(Arc::new(Principal {
        user: user.to_owned(),
        name: user.to_owned(),
        permissions: Permissions::READ_WRITE,
        scope: None,
        teams: vec![],
        expires_at: None,
        credential: CredentialId::Token { id: None },
    }))?;
    let socket = Socket::new(SocketKey(key), caller, Arc::new(Printer(user)));
    hub.connect(&socket);
    Ok(socket)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let board = BoardId::try_from("b1")?;
    let log = Arc::new(MemoryLog { epoch: Epoch::try_from("first")?, entries: Mutex::default() });
    let hub = Hub::new(log.clone(), Arc::new(SystemClock), 128);

    hub.publish(&[log.append(&board, EventKind::TaskCreated)?]).await;
    let ada = connect(&hub, 1, "ada")?;
    hub.view_board(&ada, &board, None).await?;
    hub.publish(&[log.append(&board, EventKind::TaskMoved)?]).await;

    // Bob resumes from the beginning, so the events that he missed come first.
    let bob = connect(&hub, 2, "bob")?;
    hub.view_board(&bob, &board, Some(Resume { since: Seq(0), epoch: None })).await?;
    hub.start_typing(&bob, &board, None).await?;
    hub.publish(&[log.append(&board, EventKind::TaskCompleted)?]).await;

    hub.view_nothing(&bob);
    hub.disconnect(&bob);
    hub.disconnect(&ada);
    Ok(())
}
