//! The rules on a store of either kind, without a server around them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod announcements;
mod costs;
mod leases;
mod scene;
