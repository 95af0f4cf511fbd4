//! `board:*`: payloads and results.

use crate::{
    Board, BoardId, Color, Column, Dependency, Epoch, ListedBoard, LongText, Member, Patch, Role, Seq, Status, Task,
    TaskId, TeamId, Title, UserId,
    patch::{non_null, object},
};

payloads! {
    "camelCase":
    /// `board:create`.
    pub struct Create {
        /// The board's name.
        pub name: Title,
        /// An id of the client's own choice; absent: a UUIDv7.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<BoardId>,
        /// A description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub description: Option<LongText>,
        /// A colour.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub color: Option<Color>,
        /// The team that it belongs to, one of the caller's (for an admin: any). The team's users become members.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "team_id")]
        pub team_id: Option<TeamId>,
        /// Its columns, at most 50; absent: To Do, In Progress, Done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub columns: Option<NewColumns>,
    }

    "snake_case":
    /// A column of a new board.
    pub struct NewColumn {
        /// Its name.
        pub name: Title,
        /// The status that a task gets when it enters the column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<Status>,
        /// How many tasks it may hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub wip_limit: Option<u32>,
    }

    "camelCase":
    /// `board:get`.
    pub struct Get {
        /// The board.
        pub board_id: BoardId,
        /// The most tasks on one page, by id: 1 to 1,000; absent: the whole board, up to 16 MiB of tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1000)))]
        pub limit: Option<u32>,
        /// With `limit`: begin after this task, the `next` of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<TaskId>,
    }

    "camelCase":
    /// `board:archive`.
    pub struct Archive {
        /// The board.
        pub board_id: BoardId,
    }

    "camelCase":
    /// `board:restore`.
    pub struct Restore {
        /// The board.
        pub board_id: BoardId,
    }

    "camelCase":
    /// `board:list`.
    pub struct List {
        /// `true`: the archived ones; `false`: the others; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub archived: Option<bool>,
    }

    "camelCase":
    /// `board:update`.
    pub struct Update {
        /// The board.
        pub board_id: BoardId,
        /// The fields to set.
        #[serde(deserialize_with = "object")]
        pub updates: Updates,
        /// The version that the change was made against.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
    }

    "snake_case":
    /// The fields of a board that `board:update` may set.
    #[derive(Default)]
    pub struct Updates {
        /// A new name.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Title"))]
        pub name: Option<Title>,
        /// A new description; `null` empties it.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub description: Patch<LongText>,
        /// A new colour; `null`: none.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub color: Patch<Color>,
        /// Another team, or `null` for none; only owners may set it. Members who came through the old team are removed.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub team_id: Patch<TeamId>,
    }

    "camelCase":
    /// `board:member:set`: adds a member or changes a role.
    pub struct MemberSet {
        /// The board.
        pub board_id: BoardId,
        /// The user.
        pub user_id: UserId,
        /// The role from now on.
        pub role: Role,
    }

    "camelCase":
    /// `board:member:remove`.
    pub struct MemberRemove {
        /// The board.
        pub board_id: BoardId,
        /// The user.
        pub user_id: UserId,
    }
}

/// The columns of a new board: 1 to 50.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct NewColumns(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 50)))] pub Vec<NewColumn>);

impl<'de> serde::Deserialize<'de> for NewColumns {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct One(#[serde(deserialize_with = "object")] NewColumn);

        let columns: Vec<_> = Vec::<One>::deserialize(deserializer)?.into_iter().map(|One(column)| column).collect();
        if !(1..=50).contains(&columns.len()) {
            return Err(serde::de::Error::custom(format_args!("1 to 50 columns, got {}", columns.len())));
        }
        Ok(Self(columns))
    }
}

results! {
    /// The board as it is now.
    pub struct BoardResult {
        /// The board.
        pub board: Board,
    }

    /// A new board.
    pub struct Created {
        /// The board.
        pub board: Board,
        /// Its columns, in order.
        pub columns: Vec<Column>,
    }

    /// All of a board at one moment, or a page of it.
    pub struct Snapshot {
        /// The board.
        pub board: Board,
        /// Its columns, in order.
        pub columns: Vec<Column>,
        /// Its tasks, by column and position; on a page by id.
        pub tasks: Vec<Task>,
        /// Its members, by name.
        pub members: Vec<Member>,
        /// The dependencies of its tasks; on a page those of the tasks on it.
        pub dependencies: Vec<Dependency>,
        /// The `after` of the next page; absent on the last one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<TaskId>,
        /// The number of the last event that this answer includes.
        pub seq: Seq,
        /// The epoch that `seq` belongs to.
        pub epoch: Epoch,
    }

    /// The boards that the caller may read.
    pub struct Listed {
        /// The boards, by name.
        pub boards: Vec<ListedBoard>,
    }

    /// A member as it is now.
    pub struct MemberResult {
        /// The member.
        pub member: Member,
    }

    /// The user is no longer a member.
    pub struct MemberRemoved {
        /// The user.
        pub user_id: UserId,
    }
}
