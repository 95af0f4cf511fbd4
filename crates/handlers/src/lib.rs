//! From sockets to services: the handshake, one pipeline that every command passes, replies, and the delivery of
//! events.
//!
//! `transport` is the only module that knows how socketioxide behaves, and makes up for its weaknesses.
//!
//! # To add a command that concerns the connection
//! After its line in `protocol`'s catalog, the compiler asks for an arm in the match of `connection_command.rs`. Changes
//! and queries need nothing here.
#![doc = include_str!("../README.md")]

mod batch;
mod connect;
mod connection;
mod connection_command;
mod gateway;
mod guard;
mod inbox;
mod link;
mod open;
mod outbox;
mod queue;
mod transport;

pub use gateway::{Gateway, GatewayParts, Settings};
