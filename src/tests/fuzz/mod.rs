//! Fuzz tests: random input must never cause a failure of the server.

pub mod clerk;
pub mod requests;
