//! Comments and dependencies of tasks, over sockets.

mod comments;
mod cycles;
mod dependencies;
