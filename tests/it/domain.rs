//! Comments and dependencies as members of a board use them.

mod comments;
mod cycles;
mod dependencies;
