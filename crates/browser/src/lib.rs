//! Which pages of browsers may call, and whose cookies count. One layer in front of all doors refuses foreign origins,
//! answers for CORS, and leaves in each request what the doors have to know of the page that it came from.
//!
//! Programs that are no browsers send no origin, and are not concerned.
#![doc = include_str!("../README.md")]

mod cors;
mod layer;
mod page;

pub use layer::{BrowserPolicy, protect};
pub use page::{Page, cookies};
