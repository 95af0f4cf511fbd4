//! Tests of the whole product: the real server as a process, a real database of each kind, real sockets.
//!
//! Each file covers one promise. A test of stored data runs on both databases: it is an `async fn` that takes a
//! [`Kind`](boardwire_test_support::Kind), listed in `on_both!`.

/// Makes two tests of each function: one on SQLite, one on Postgres.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use boardwire_test_support::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() -> anyhow::Result<()> {
                super::$name(Kind::Sqlite).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() -> anyhow::Result<()> {
                super::$name(Kind::Postgres).await
            }
        }
    )+};
}

mod access;
mod acquaintances;
mod agents;
mod attachments;
mod changed_at;
mod conflicts;
mod contract;
mod convergence;
mod credentials;
mod domain;
mod doors;
mod drain;
mod durable;
mod edges;
mod examples;
mod hostile;
mod http;
mod idempotency;
mod kill;
mod leases;
mod limits;
mod lists;
mod malformed;
mod mcp;
mod network;
mod notifications;
mod observe;
mod operator;
mod ordering;
mod pages;
mod polling;
mod positions;
mod presence;
mod proxies;
mod resume;
mod revocation;
mod scene;
mod search;
mod single_server;
mod slow;
mod subscriptions;
mod workload;
