//! The statements, by table, and the storage traits on top of them: each repository on a [`Connection`], each store on a
//! [`Database`]. Functions that are no trait's run on whichever transaction the connection is in.
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
