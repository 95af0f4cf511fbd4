//! The table that maps each command to a tool. A row gives a command's tool its name, its description for agents and
//! its place in the list. A command without a row is a tool as well, described by the catalog.

use std::{borrow::Cow, sync::LazyLock};

use boardwire_protocol::{CommandGroup, CommandKind};

/// A tool that is a command.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: CommandKind,
    /// What it does, written for a reader who chooses among tools.
    pub(crate) description: &'static str,
    /// Whether it removes something that can't be restored.
    pub(crate) destructive: bool,
    /// Whether calling it twice has the same effect as calling it once.
    pub(crate) idempotent: bool,
}

impl Row {
    const fn new(name: &'static str, kind: CommandKind, description: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), kind, description, destructive: false, idempotent: false }
    }

    /// Returns the row of a command that has none in [`ROWS`]: its name is the verb and the noun at the end of the
    /// command's name, its description the catalog's summary. A change counts as destructive, as long as no row says
    /// otherwise.
    fn default_of(kind: CommandKind) -> Self {
        let mut words = kind.name().rsplit(':');
        let name = match (words.next(), words.next()) {
            (Some(verb), Some(noun)) => Cow::Owned(format!("{verb}_{noun}")),
            _ => Cow::Borrowed(kind.name()),
        };
        let destructive = kind.group() == CommandGroup::Change;
        Self { name, kind, description: kind.summary().trim(), destructive, idempotent: false }
    }

    const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    const fn destructive(mut self) -> Self {
        self.destructive = true;
        self
    }

    /// Returns whether it changes nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        self.kind.group() == CommandGroup::Query
    }
}

use CommandKind as Kind;

/// The rows, in the order in which their tools are listed: the most used first.
const ROWS: &[Row] = &[
    Row::new("list_boards", Kind::BoardList, "Lists the boards you may read, by name."),
    Row::new(
        "get_board",
        Kind::BoardGet,
        "Reads a whole board at one moment: columns, tasks, members, dependencies, and the seq and epoch to pass to \
         wait_for_changes. On large boards ask for fields, e.g. [\"columns\", \"tasks.id\", \"tasks.title\", \"seq\"], or \
         use list_tasks; a very large one can only be read in pages, with limit.",
    ),
    Row::new(
        "list_tasks",
        Kind::TaskList,
        "Lists tasks page by page, filtered by board, column, status, assignee, tag, or whether somebody holds them.",
    ),
    Row::new(
        "search_tasks",
        Kind::TaskSearch,
        "Finds tasks by words in title, description or comments, best first, with a snippet of each.",
    ),
    Row::new("get_task", Kind::TaskGet, "Reads a task with its comments, attachments, dependencies and what blocks it."),
    Row::new(
        "next_task",
        Kind::TaskNext,
        "Shows the task that claim_next_task would take now, and why. Changes nothing and holds nothing.",
    ),
    Row::new(
        "claim_next_task",
        Kind::TaskClaim,
        "Takes the next free task of a board, or the one named by taskId, and holds it for ttl seconds so that nobody else \
         works on it. Keep task.lease.fence: pass it to renew_claim, update_task, move_task, complete_task and \
         release_task. task is null when there is none to be had; why says what stands against the others.",
    ),
    Row::new(
        "renew_claim",
        Kind::TaskRenew,
        "Holds a claimed task for longer; call it well before the ttl is over. LEASE_LOST: stop, somebody else may have it.",
    ),
    Row::new(
        "release_task",
        Kind::TaskRelease,
        "Gives a claimed task back unfinished. Without fence it takes the task away from whoever holds it.",
    )
    .idempotent(),
    Row::new(
        "complete_task",
        Kind::TaskComplete,
        "Marks a task as done, moves it to the done column and ends its claim. Pass fence if you claimed it.",
    )
    .idempotent(),
    Row::new("create_task", Kind::TaskCreate, "Adds a task to a board, at the end of a column or next to a neighbour."),
    Row::new(
        "update_task",
        Kind::TaskUpdate,
        "Sets fields of a task. With expectedVersion it is refused with CONFLICT if somebody changed the same fields \
         since; details.current is the task as it is.",
    )
    .idempotent(),
    Row::new(
        "move_task",
        Kind::TaskMove,
        "Moves a task to a column, before or after another task, or to the end. The column's status becomes the task's.",
    )
    .idempotent(),
    Row::new("assign_task", Kind::TaskAssign, "Gives a task to a user, or to nobody with null. Does not claim it.")
        .idempotent(),
    Row::new("delete_task", Kind::TaskDelete, "Deletes a task with its comments and files for good.").destructive(),
    Row::new(
        "add_comment",
        Kind::TaskCommentAdd,
        "Adds a comment to a task. @userId in the text notifies that user. Pass a requestId, or a retry adds it twice.",
    ),
    Row::new("update_comment", Kind::TaskCommentUpdate, "Gives a comment another text.").idempotent(),
    Row::new("delete_comment", Kind::TaskCommentDelete, "Deletes a comment for good.").destructive(),
    Row::new("remove_attachment", Kind::TaskAttachmentRemove, "Removes a file from a task for good.").destructive(),
    Row::new(
        "add_dependency",
        Kind::TaskDependencyAdd,
        "Says that a task depends on another. A circle of blocks is refused.",
    )
    .idempotent(),
    Row::new("remove_dependency", Kind::TaskDependencyRemove, "Says that a task does not depend on another any more.")
        .idempotent(),
    Row::new(
        "board_events",
        Kind::BoardEvents,
        "Reads what happened on a board after a seq, without waiting. recovered false: read get_board anew.",
    ),
    Row::new("list_notifications", Kind::NotificationList, "Lists your notifications, newest first."),
    Row::new("read_notifications", Kind::NotificationRead, "Marks notifications of yours as read, by ids or all.")
        .idempotent(),
    Row::new("create_board", Kind::BoardCreate, "Makes a board of which you are the owner."),
    Row::new("update_board", Kind::BoardUpdate, "Sets name, description, colour or team of a board.").idempotent(),
    Row::new("archive_board", Kind::BoardArchive, "Archives a board: it can be read and restored, and nothing else.")
        .idempotent(),
    Row::new("restore_board", Kind::BoardRestore, "Restores an archived board.").idempotent(),
    Row::new("set_member", Kind::BoardMemberSet, "Adds a member to a board or changes a role. For owners.")
        .idempotent(),
    Row::new("remove_member", Kind::BoardMemberRemove, "Removes a member from a board. For owners.").destructive(),
    Row::new("create_column", Kind::ColumnCreate, "Adds a column to a board."),
    Row::new("update_column", Kind::ColumnUpdate, "Sets name, status or limit of a column.").idempotent(),
    Row::new("reorder_columns", Kind::ColumnReorder, "Puts all columns of a board in a new order.").idempotent(),
    Row::new("delete_column", Kind::ColumnDelete, "Deletes a column; its tasks move to moveTasksTo.").destructive(),
];

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| with_defaults(ROWS, CommandKind::ALL));

/// Returns the rows of all tools that are commands, in the order in which they are listed.
pub(crate) fn rows() -> &'static [Row] {
    &TABLE
}

/// Returns the row of the tool with this name.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    rows().iter().find(|row| row.name == name)
}

/// Returns the name of the tool for this command, or `None` if the command concerns a connection.
#[must_use]
pub fn tool_name(kind: CommandKind) -> Option<&'static str> {
    rows().iter().find(|row| row.kind == kind).map(|row| &*row.name)
}

/// Returns these rows, and after them the defaults of the commands that have none. A command that concerns a
/// connection is no tool.
fn with_defaults(rows: &[Row], commands: &[CommandKind]) -> Vec<Row> {
    let has_row = |kind: CommandKind| rows.iter().any(|row| row.kind == kind);
    let defaults = commands.iter().copied().filter(|kind| kind.group() != CommandGroup::Connection && !has_row(*kind));
    rows.iter().cloned().chain(defaults.map(Row::default_of)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::wait, *};

    fn assert_one_tool_each(rows: &[Row]) {
        for kind in CommandKind::ALL {
            let tools = rows.iter().filter(|row| row.kind == *kind).count();
            assert_eq!(tools, usize::from(kind.group() != CommandGroup::Connection), "{}", kind.name());
        }
        let mut names = HashSet::from([wait::NAME]);
        for row in rows {
            assert!(names.insert(&row.name), "two tools are named {}", row.name);
        }
    }

    #[test]
    fn every_command_except_those_of_connections_is_one_tool_with_a_unique_name() {
        assert_one_tool_each(rows());
    }

    #[test]
    fn a_command_without_a_row_is_a_tool_too() {
        let left_out = [Kind::ColumnCreate, Kind::TaskCommentAdd, Kind::TaskGet];
        let others: Vec<_> = ROWS.iter().filter(|row| !left_out.contains(&row.kind)).cloned().collect();
        let rows = with_defaults(&others, CommandKind::ALL);
        assert_one_tool_each(&rows);
        let mut added: Vec<_> = rows[others.len()..].iter().map(|row| (&*row.name, row.description)).collect();
        added.sort_unstable();
        assert_eq!(
            added,
            [
                ("add_comment", "Adds a comment to a task."),
                ("create_column", "Adds a column at the end, or next to a neighbour."),
                ("get_task", "A task with all that belongs to it."),
            ]
        );
        for row in &rows[others.len()..] {
            assert_eq!((row.destructive, row.idempotent), (!row.is_read_only(), false), "{}", row.name);
        }
    }
}
