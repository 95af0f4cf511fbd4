//! The data of each event.

pub use super::{
    ephemeral::*,
    list::{Changes, durable::*},
};
