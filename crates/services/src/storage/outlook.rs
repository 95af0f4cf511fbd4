//! What choosing a task needs to know of a board, and which leases are over.

use std::collections::HashMap;

use boardwire_protocol::{Column, ColumnId, Lease, Status, TaskId, Timestamp, UserId};

/// A board as somebody sees it who looks for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Is the board archived?
    pub archived: bool,
    /// Its columns by position.
    pub columns: Vec<Column>,
    /// How many tasks each of them holds; those that hold none may be left out, and all where no column has a limit.
    pub held: HashMap<ColumnId, u64>,
    /// Its tasks that are not done, by column and position.
    pub prospects: Vec<Prospect>,
}

/// A task that is not done, as far as choosing needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// The task.
    pub id: TaskId,
    /// The column it is in.
    pub column_id: ColumnId,
    /// How far it is.
    pub status: Status,
    /// How urgent it is.
    pub priority: u8,
    /// Who works on it.
    pub assignee: Option<UserId>,
    /// When it is due.
    pub due_date: Option<String>,
    /// Its labels.
    pub tags: Vec<String>,
    /// Who holds it, or held it until the time was over.
    pub lease: Option<Lease>,
    /// Did the claim that made the lease also assign the task?
    pub assigned_by_claim: bool,
    /// How many tasks that are not done block it.
    pub blockers: u64,
    /// How many tasks that are not done it blocks.
    pub blocks: u64,
}

/// A lease whose time is over; its end and its task order it among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// When it ended.
    pub expired_at: Timestamp,
    /// The task.
    pub task: TaskId,
}
