//! The statements of each table, and the storage traits that run them: repositories on a [`Connection`], stores on a
//! [`Database`]. The remaining functions run on any connection, in its current transaction if there is one.
//!
//! [`Connection`]: crate::connection::Connection
//! [`Database`]: crate::database::Database

mod account;
mod account_change;
mod api_key;
mod attachment;
mod board;
mod column;
mod comment;
mod dependency;
mod lease;
mod log;
mod maintenance;
mod member;
mod notification;
mod request;
pub(crate) mod search;
mod session;
pub(crate) mod snapshot;
mod stored_lease;
mod task;
mod task_list;
mod user;
