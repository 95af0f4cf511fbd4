//! Every promise of the storage traits, on SQLite and on Postgres.

mod fixture;
mod log;
mod opening;
mod reading;
mod requests;
mod rows;
mod samples;
mod units;
