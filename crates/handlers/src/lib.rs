//! Sockets to services: connect, the one pipeline, commands, replies and delivery.
