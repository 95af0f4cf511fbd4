//! Users, boards, columns, tasks and events for tests.

use boardwire_protocol::{
    Board, BoardId, Column, ColumnId, Dependency, DependencyType, Epoch, EventKind, Role, Seq, Task, TaskId, Timestamp,
    UserId,
};
use boardwire_services::{
    Origin,
    storage::{BoardState, ColumnState, FieldVersions, LogEntry, Membership, Prune, SaveUser, TaskState, WantedBoard},
};
use serde_json::value::RawValue;

pub(crate) fn user_id(id: &str) -> UserId {
    UserId::try_from(id).expect("an id")
}

pub(crate) fn board_id(id: &str) -> BoardId {
    BoardId::try_from(id).expect("an id")
}

pub(crate) fn column_id(id: &str) -> ColumnId {
    ColumnId::try_from(id).expect("an id")
}

pub(crate) fn task_id(id: &str) -> TaskId {
    TaskId::try_from(id).expect("an id")
}

pub(crate) fn changed(fields: &[(&str, u64)]) -> FieldVersions {
    FieldVersions(fields.iter().map(|(field, version)| ((*field).to_owned(), *version)).collect())
}

/// Returns a membership that does not depend on a team.
pub(crate) fn by_name(role: Role) -> Membership {
    Membership { role, team: None }
}

/// Returns the settings to prune requests and events from before these times.
pub(crate) fn prune(requests: i64, events: Option<i64>) -> Prune {
    let nothing = Timestamp(0);
    let (requests, events) = (Timestamp(requests), events.map(Timestamp));
    Prune { requests, events, notifications: nothing, accounts: nothing }
}

pub(crate) fn save_user(id: &str) -> SaveUser {
    SaveUser {
        id: user_id(id),
        name: None,
        agent: None,
        permissions: None,
        default_permissions: vec!["read".to_owned()],
        teams: None,
        password: None,
        now: Timestamp(1),
    }
}

pub(crate) fn dependency(from: &str, to: &str, kind: DependencyType) -> Dependency {
    Dependency {
        task_id: task_id(from),
        depends_on: task_id(to),
        kind,
        created_by: user_id("ann"),
        created_at: Timestamp(40),
    }
}

/// Returns a query for the whole board.
pub(crate) fn whole(id: &str) -> WantedBoard {
    WantedBoard { board: board_id(id), after: None, limit: u32::MAX, bytes: usize::MAX }
}

pub(crate) fn board(id: &str) -> BoardState {
    let board = Board {
        id: board_id(id),
        name: format!("Board {id}"),
        description: String::new(),
        color: None,
        team_id: None,
        archived: false,
        version: 1,
        created_by: user_id("ann"),
        created_at: Timestamp(10),
        updated_at: Timestamp(10),
    };
    BoardState {
        board,
        changed: FieldVersions::default(),
        seq: Seq(0),
        changed_at: Timestamp(10),
        epoch: Epoch::try_from("first").expect("an id"),
    }
}

pub(crate) fn column(board: &str, id: &str, position: &str) -> ColumnState {
    let column = Column {
        id: column_id(id),
        board_id: board_id(board),
        name: format!("Column {id}"),
        position: position.to_owned(),
        status: None,
        wip_limit: None,
        version: 1,
        created_at: Timestamp(20),
        updated_at: Timestamp(20),
    };
    ColumnState { column, changed: FieldVersions::default() }
}

pub(crate) fn task(column: &ColumnState, id: &str, position: &str) -> TaskState {
    let task = Task {
        title: format!("Task {id}"),
        position: position.to_owned(),
        ..Task::blank(
            task_id(id),
            (column.column.board_id.clone(), column.column.id.clone()),
            user_id("ann"),
            Timestamp(30),
        )
    };
    TaskState { task, changed: FieldVersions::default(), fence: 0, assigned_by_claim: false }
}

pub(crate) fn event(board: &str, seq: u64, at: i64) -> LogEntry {
    let envelope = format!(r#"{{"type":"task:moved","data":{{"text":"ä \u0000 {seq}"}},"timestamp":"…"}}"#);
    LogEntry {
        board_id: board_id(board),
        seq: Seq(seq),
        kind: EventKind::TaskMoved,
        task_id: Some(task_id("t1")),
        subject: None,
        actor: Some(user_id("ann")),
        origin: Some(Origin(i64::MIN)),
        at: Timestamp(at),
        envelope: RawValue::from_string(envelope).expect("JSON"),
    }
}
