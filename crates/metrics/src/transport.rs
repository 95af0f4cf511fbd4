//! The kinds of connections.

use serde::Serialize;

/// The kind of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportKind {
    /// Socket.IO.
    Socket,
    /// A stream of events over HTTP.
    Stream,
    /// An agent that waits or has subscribed to resources.
    Mcp,
}

impl TransportKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Socket, Self::Stream, Self::Mcp];

    /// Returns the name in metrics and in the overview.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Stream => "stream",
            Self::Mcp => "mcp",
        }
    }
}
