//! The public interface of the adapters: HTTP by direct calls, Socket.IO over real WebSockets, and the examples as
//! running servers.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the message; helpers outside of #[test] need saying so")]

mod client;
mod examples;
mod http;
mod sockets;
mod test_clock;
