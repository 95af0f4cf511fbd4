//! Tests of the whole product live in `main.rs`; this library is empty.
