//! Decides which web pages may call, and whose cookies are accepted. One layer in front of all doors refuses foreign
//! origins, answers CORS requests, and tells the doors about the page that each request comes from.
//!
//! Requests without an origin, such as those of programs, are not refused.
#![doc = include_str!("../README.md")]

mod cors;
mod layer;
mod page;
mod policy;

pub use layer::protect;
pub use page::{Page, cookies};
pub use policy::BrowserPolicy;
