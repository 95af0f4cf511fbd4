//! The metrics of a node, in the text format of OpenMetrics, which Prometheus reads, and in an overview for operators,
//! which also has the latest warnings and errors of the log.
#![doc = include_str!("../README.md")]

mod counts;
mod exposition;
mod incidents;
mod metrics;
mod overview;
mod sampling;
mod transport;

pub use counts::Counts;
pub use incidents::{Incident, Incidents, Severity};
pub use metrics::Metrics;
pub use overview::{BoardActivity, ConnectedUser, Overview, UserActivity};
pub use sampling::{Sample, SlowConsumer};
pub use transport::TransportKind;
