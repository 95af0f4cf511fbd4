//! Why a store can't be used any more.

/// Why a server has to stop: its store can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another server has the database.
    #[error("another server has taken the database")]
    Taken,
    /// What writes, or what holds the database for this server, has panicked.
    #[error("a part of the store broke down for good; the log says which")]
    Broken,
}
