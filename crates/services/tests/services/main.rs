//! The services on a store of either kind, without a server.
#![expect(clippy::unwrap_used, reason = "tests")]

mod announcements;
mod costs;
mod fixture;
mod leases;
