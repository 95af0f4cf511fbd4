//! Delivers events to connections. Durable events reach sockets through their board's channel and nothing else: the
//! channel delivers them in the order of their `seq`, reads missing ones from the log, lets a socket join at any event
//! without gaps or repeats, and checks at each delivery who may read the board.
//!
//! An [`Outbox`] hides what a connection is: this crate knows nothing of Socket.IO.
#![doc = include_str!("../README.md")]

mod all_boards;
mod channel;
mod channels;
mod connect;
mod counts;
mod ephemeral;
mod error;
mod frame;
mod hub;
mod interest;
mod join;
mod lock;
mod notifications;
mod presence;
mod publish;
mod recent;
mod room;
mod run;
mod sequenced;
mod socket;
mod sockets;
mod subscribe;
mod tally;
mod typing;
mod view;

pub use error::JoinError;
pub use frame::{About, Frame, Outbox};
pub use hub::Hub;
pub use join::{Joined, Resume};
pub use room::Room;
pub use socket::{Socket, SocketKey};
pub use subscribe::Subscription;
pub use tally::Tally;
