//! Endpoints of the API.

pub mod cart;
pub mod checkout_sessions;
pub mod control;
pub mod expand;
pub mod idempotency;
pub mod request;
