//! Decides which web pages may call, and whose cookies are accepted. One layer in front of all doors refuses foreign
//! origins, answers CORS requests, and tells the doors about the page that each request comes from.
//!
//! Programs other than browsers send no origin and are not affected.
#![doc = include_str!("../README.md")]

mod cors;
mod layer;
mod page;
mod policy;

pub use layer::protect;
pub use page::{Page, cookies};
pub use policy::BrowserPolicy;
