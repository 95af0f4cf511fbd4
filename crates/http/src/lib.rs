//! The HTTP door: the domain as resources, a board's log as a page or a stream, signing in and out, files, notices
//! from operators, and health checks.
//!
//! Every request that acts passes the gate that all doors share, and then the same services. Errors carry the same
//! codes, as `application/problem+json`.
//!
//! # To add a route
//! A command of the catalog only needs a row in `api/table.rs`. Anything that is not a command has a handler
//! in the module of its subject: it takes a `caller::AuthenticatedRequest`, uses types of `protocol`, and returns
//! `Result<_, Problem>`; add its line to that module's `routes`, and its operation to `openapi/own_handlers.rs`.
#![doc = include_str!("../README.md")]

mod api;
mod attachments;
mod body;
mod caller;
mod door;
mod drain;
mod entity_tags;
mod events;
mod explorer;
mod front;
mod health;
mod logins;
mod notifications;
mod openapi;
mod operator;
mod passwords;
mod path;
mod presence;
mod problem;
mod quota;
mod ranges;
mod routes;
mod sessions;
mod stream;
mod upload_limiter;
mod upload_space;

pub use door::{DoorParts, Settings};
pub use front::front;
pub use logins::Logins;
pub use openapi::document as openapi;
pub use quota::Quotas;
pub use routes::routes;
