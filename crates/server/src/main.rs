//! The boardwire program.
fn main() {}
