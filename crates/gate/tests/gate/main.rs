//! The gate without a server: on a fresh SQLite database, called as a door calls it.
#![expect(clippy::unwrap_used, reason = "a test")]

mod admission;
mod follow;
mod scene;
mod tasks;
