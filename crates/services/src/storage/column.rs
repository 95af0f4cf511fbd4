//! Columns.

use async_trait::async_trait;
use boardwire_protocol::{BoardId, Column, ColumnId};

use super::{FieldVersions, StorageResult};

/// A column as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnState {
    /// The column as clients see it.
    pub column: Column,
    /// The version at which each field last changed.
    pub changed: FieldVersions,
}

/// Columns, within a unit of work.
#[async_trait]
pub trait ColumnRepository: Send {
    /// Returns a column.
    async fn column(&mut self, id: &ColumnId) -> StorageResult<Option<ColumnState>>;

    /// Returns the columns of a board by position.
    async fn columns(&mut self, board: &BoardId) -> StorageResult<Vec<ColumnState>>;

    /// Inserts a column.
    async fn insert_column(&mut self, state: &ColumnState) -> StorageResult<bool>;

    /// Updates a column.
    async fn save_column(&mut self, state: &ColumnState) -> StorageResult<()>;

    /// Deletes a column.
    async fn delete_column(&mut self, id: &ColumnId) -> StorageResult<()>;
}
