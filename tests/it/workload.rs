//! The writers of the long tests: seeded, with every kind of change, and each command certain to succeed, so that every
//! refusal is a finding. A writer moves, completes and deletes only its own cards, whose columns it therefore knows;
//! all of them edit and move the shared cards; only the first writer of a board changes its columns.

use std::collections::VecDeque;

use anyhow::{Result, ensure};
use boardwire_test_support::{Acknowledged, Client, Pending};
use serde_json::{Value, json};

use crate::scene::Board;

/// How many shared cards a board has.
const SHARED: usize = 5;

/// A command that is ready to be sent, repeatedly if needed.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) request: String,
    pub(crate) payload: Value,
}

/// A writer that keeps changing one board.
pub(crate) struct Writer {
    pub(crate) user: String,
    pub(crate) board: String,
    rng: fastrand::Rng,
    members: Vec<String>,
    /// The board's columns as this writer knows them; the first three are the default ones, which stay.
    columns: Vec<String>,
    keeps_columns: bool,
    /// Its own cards, and the column of each.
    cards: Vec<(String, String)>,
    sent: usize,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Commands that were sent, and not answered when the connection ended.
    pub(crate) unanswered: VecDeque<Command>,
}

/// Creates the shared cards of a board.
pub(crate) async fn share_cards(board: &Board, owner: &Client) -> Result<()> {
    for number in 0..SHARED {
        let card = json!({ "boardId": board.id, "title": "Shared", "id": shared(&board.id, number) });
        owner.ask("task:create", card).await?;
    }
    Ok(())
}

impl Writer {
    /// Creates a writer of `board`; exactly one of a board's writers `keeps_columns`.
    pub(crate) fn new(user: &str, board: &Board, members: &[String], keeps_columns: bool, seed: u64) -> Self {
        Self {
            user: user.to_owned(),
            board: board.id.clone(),
            rng: fastrand::Rng::with_seed(seed),
            members: members.to_vec(),
            columns: board.columns.clone(),
            keeps_columns,
            cards: Vec::new(),
            sent: 0,
            acknowledged: Vec::new(),
            unanswered: VecDeque::new(),
        }
    }

    /// Returns the next command: unanswered ones come first.
    pub(crate) fn next_command(&mut self) -> Command {
        self.unanswered.pop_front().unwrap_or_else(|| self.invent())
    }

    /// Sends `count` commands, at most `window` at a time without an answer, and checks each reply.
    ///
    /// Ends early, with what is unanswered kept in its order, when the connection ends.
    pub(crate) async fn write(&mut self, client: &Client, count: usize, window: usize) -> Result<()> {
        let mut flight: VecDeque<(Command, Pending)> = VecDeque::new();
        let mut lost = Vec::new();
        for _ in 0..count {
            if flight.len() == window
                && let Some((command, pending)) = flight.pop_front()
            {
                lost.extend(self.settle(client, command, pending).await?);
                if !lost.is_empty() {
                    break;
                }
            }
            let command = self.next_command();
            let pending = client.send_call(command.name, &command.payload);
            flight.push_back((command, pending));
        }
        for (command, pending) in flight {
            lost.extend(self.settle(client, command, pending).await?);
        }
        for command in lost.into_iter().rev() {
            self.unanswered.push_front(command);
        }
        Ok(())
    }

    /// Waits for a reply; returns the command if the connection ended first.
    async fn settle(&mut self, client: &Client, command: Command, pending: Pending) -> Result<Option<Command>> {
        let reply = match pending.reply().await {
            Ok(reply) => reply,
            Err(_) if client.closed().is_some() => return Ok(Some(command)),
            Err(error) => return Err(error),
        };
        ensure!(reply["ok"] == true, "{} with {} was refused: {reply}", command.name, command.payload);
        ensure!(reply["requestId"] == *command.request, "{} was answered by {reply}", command.request);
        let Command { name, request, payload } = command;
        self.acknowledged.push(Acknowledged {
            user: self.user.clone(),
            request,
            command: name.to_owned(),
            payload,
            reply,
        });
        Ok(None)
    }

    fn invent(&mut self) -> Command {
        self.sent += 1;
        let request = format!("{}-{}", self.user, self.sent);
        let (name, mut payload) = match self.rng.u32(0..100) {
            0..25 => self.create(),
            25..50 => self.update(),
            50..68 => self.move_card(),
            68..78 => self.assign(),
            78..85 => self.complete(),
            85..91 => self.delete(),
            91..94 => self.depend(),
            94 => ("board:update", json!({ "boardId": self.board, "updates": { "name": request } })),
            _ if self.keeps_columns => self.column(),
            _ => self.move_shared(),
        };
        payload["requestId"] = request.clone().into();
        Command { name, request, payload }
    }

    fn create(&mut self) -> (&'static str, Value) {
        let id = format!("{}-{}-{}", tail(&self.board), self.user, self.sent);
        let column = self.columns[self.rng.usize(..self.columns.len())].clone();
        let mut payload = json!({
            "boardId": self.board, "id": id, "title": format!("Card {}", self.sent), "columnId": column,
            "description": "<b>as given</b> ".repeat(self.rng.usize(..20)), "priority": self.rng.u8(..=10),
        });
        if let Some((neighbour, _)) = self.neighbour(&column, &id) {
            payload[*self.rng.choice(&["before", "after"]).unwrap_or(&"before")] = neighbour.into();
        }
        self.cards.push((id, column));
        ("task:create", payload)
    }

    fn update(&mut self) -> (&'static str, Value) {
        let own = (!self.cards.is_empty() && self.rng.bool()).then(|| self.rng.usize(..self.cards.len()));
        let id = own.map_or_else(|| shared(&self.board, self.rng.usize(..SHARED)), |index| self.cards[index].0.clone());
        let text = format!("{} at {}", self.user, self.sent);
        let updates = match self.rng.u32(0..3) {
            0 => json!({ "title": text }),
            1 => json!({ "description": text, "priority": self.rng.u8(..=10) }),
            _ => json!({ "tags": [text, "näxt"], "due_date": "2026-08-31" }),
        };
        ("task:update", json!({ "taskId": id, "updates": updates }))
    }

    fn move_card(&mut self) -> (&'static str, Value) {
        if self.cards.is_empty() {
            return self.move_shared();
        }
        let index = self.rng.usize(..self.cards.len());
        let column = self.columns[self.rng.usize(..self.columns.len())].clone();
        let id = self.cards[index].0.clone();
        let mut payload = json!({ "taskId": id, "toColumn": column });
        if let Some((neighbour, _)) = self.neighbour(&column, &id) {
            payload[*self.rng.choice(&["before", "after"]).unwrap_or(&"before")] = neighbour.into();
        }
        self.cards[index].1 = column;
        ("task:move", payload)
    }

    fn move_shared(&mut self) -> (&'static str, Value) {
        let id = shared(&self.board, self.rng.usize(..SHARED));
        ("task:move", json!({ "taskId": id, "toColumn": self.columns[self.rng.usize(..3)] }))
    }

    fn assign(&mut self) -> (&'static str, Value) {
        let Some((id, _)) = self.rng.choice(&self.cards).cloned() else { return self.create() };
        let assignee = if self.rng.u32(..4) == 0 { None } else { self.rng.choice(&self.members).cloned() };
        ("task:assign", json!({ "taskId": id, "assignee": assignee }))
    }

    /// Makes one of its own cards wait for an earlier one, so that there is no cycle.
    fn depend(&mut self) -> (&'static str, Value) {
        let number = |id: &str| id.rsplit_once('-').and_then(|(_, number)| number.parse::<usize>().ok());
        let mut pair = self.rng.choose_multiple(self.cards.iter().map(|(id, _)| id.clone()), 2);
        pair.sort_by_key(|id| number(id));
        let [earlier, later] = pair.as_slice() else { return self.create() };
        let kind = *self.rng.choice(&["blocks", "relates_to", "duplicates"]).unwrap_or(&"blocks");
        ("task:dependency:add", json!({ "taskId": later, "dependsOn": earlier, "type": kind }))
    }

    fn complete(&mut self) -> (&'static str, Value) {
        let done = self.columns[2].clone();
        let open: Vec<usize> = (0..self.cards.len()).filter(|index| self.cards[*index].1 != done).collect();
        let Some(index) = self.rng.choice(&open).copied() else { return self.create() };
        self.cards[index].1 = done;
        ("task:complete", json!({ "taskId": self.cards[index].0 }))
    }

    fn delete(&mut self) -> (&'static str, Value) {
        if self.cards.is_empty() {
            return self.create();
        }
        let (id, _) = self.cards.swap_remove(self.rng.usize(..self.cards.len()));
        ("task:delete", json!({ "taskId": id }))
    }

    fn column(&mut self) -> (&'static str, Value) {
        let extra = self.columns.len() - 3;
        match self.rng.u32(0..4) {
            0 if extra < 3 => {
                let id = format!("column-{}-{}", self.user, self.sent);
                self.columns.push(id.clone());
                let name = format!("Column {}", self.sent);
                ("column:create", json!({ "boardId": self.board, "id": id, "name": name }))
            }
            1 if extra > 0 => {
                let gone = self.columns.remove(3 + self.rng.usize(..extra));
                let target = self.columns[self.rng.usize(..3)].clone();
                for (_, column) in self.cards.iter_mut().filter(|(_, column)| *column == gone) {
                    column.clone_from(&target);
                }
                ("column:delete", json!({ "columnId": gone, "moveTasksTo": target }))
            }
            2 => {
                let mut order = self.columns.clone();
                self.rng.shuffle(&mut order);
                ("column:reorder", json!({ "boardId": self.board, "columnIds": order }))
            }
            _ => {
                let id = self.columns[self.rng.usize(..self.columns.len())].clone();
                ("column:update", json!({ "columnId": id, "updates": { "name": format!("Named {}", self.sent) } }))
            }
        }
    }

    /// In half of the cases, returns another own card of the column.
    fn neighbour(&mut self, column: &str, but: &str) -> Option<(String, String)> {
        let there: Vec<&(String, String)> = self.cards.iter().filter(|(id, at)| at == column && id != but).collect();
        if self.rng.bool() { self.rng.choice(there).cloned() } else { None }
    }
}

fn shared(board: &str, number: usize) -> String {
    format!("shared-{}-{number}", tail(board))
}

/// Returns the end of a board's id. Generated ids begin with the time, so their ends tell boards apart.
fn tail(board: &str) -> &str {
    board.get(board.len().saturating_sub(12)..).unwrap_or(board)
}
