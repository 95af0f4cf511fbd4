//! The public interface of the adapters: HTTP by direct calls on a clock that the test moves, Socket.IO over real
//! WebSockets; the examples as running servers, and that the README shows them unchanged.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod client;
mod examples;
mod http;
mod sockets;
mod watch;
