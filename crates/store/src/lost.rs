//! Why a store can't be used any more.

/// Why a server has to stop: its store can't be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another server has taken the database.
    #[error("another server has taken the database")]
    Taken,
    /// The thread that writes, or the task that holds the server's claim, has panicked.
    #[error("a part of the store broke down for good; the log says which")]
    Broken,
}
