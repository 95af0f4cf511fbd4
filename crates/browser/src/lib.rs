//! Which pages of browsers may call, and whose cookies count. One layer in front of all doors refuses foreign origins,
//! answers for CORS, and leaves in each request what the doors have to know of the page that it came from.
//!
//! Programs that are no browsers send no origin, and are not concerned.
#![doc = include_str!("../README.md")]

mod cors;
mod layer;
mod page;
mod policy;

pub use layer::protect;
pub use page::{Page, cookies};
pub use policy::BrowserPolicy;
