//! `column:*`: payloads and results.

use crate::{
    BoardId, Column, ColumnId, Patch, Status, Title,
    patch::{non_null, object},
};

payloads! {
    "camelCase":
    /// `column:create`.
    pub struct Create {
        /// The board that gets the column.
        pub board_id: BoardId,
        /// Its name.
        pub name: Title,
        /// The status that a task gets when it enters the column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<Status>,
        /// How many tasks it may hold.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "wip_limit")]
        pub wip_limit: Option<u32>,
        /// The column that it goes in front of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<ColumnId>,
        /// The column that it goes behind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<ColumnId>,
        /// An id of the client's own choice; absent: a UUIDv7.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<ColumnId>,
    }

    "camelCase":
    /// `column:update`.
    pub struct Update {
        /// The column.
        pub column_id: ColumnId,
        /// The fields to set.
        #[serde(deserialize_with = "object")]
        pub updates: Updates,
        /// The version that the change was made against.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
    }

    "snake_case":
    /// The fields of a column that `column:update` may set.
    #[derive(Default)]
    pub struct Updates {
        /// A new name.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "non_null")]
        #[cfg_attr(feature = "schema", schemars(with = "Title"))]
        pub name: Option<Title>,
        /// A new status for tasks that enter the column; `null`: they keep theirs. Tasks in the column keep theirs.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub status: Patch<Status>,
        /// A new limit; `null`: none.
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        pub wip_limit: Patch<u32>,
    }

    "camelCase":
    /// `column:reorder`.
    pub struct Reorder {
        /// The board.
        pub board_id: BoardId,
        /// All of its columns, in the new order.
        pub column_ids: Vec<ColumnId>,
    }

    "camelCase":
    /// `column:delete`.
    pub struct Delete {
        /// The column.
        pub column_id: ColumnId,
        /// The column of the same board that gets its tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub move_tasks_to: Option<ColumnId>,
    }
}

results! {
    /// The column as it is now.
    pub struct ColumnResult {
        /// The column.
        pub column: Column,
    }

    /// All columns of a board as they are now.
    pub struct Columns {
        /// The columns, in order.
        pub columns: Vec<Column>,
    }

    /// The column is gone.
    pub struct Deleted {
        /// Its id.
        pub column_id: ColumnId,
    }
}
