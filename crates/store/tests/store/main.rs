//! The storage traits, on SQLite and on Postgres.

mod accounts;
mod bulk;
mod claim;
mod details;
mod fixture;
mod log;
mod notifications;
mod opening;
mod reading;
mod requests;
mod rows;
mod samples;
mod units;
mod upgrading;
