//! Endpoints of Stripe's API under `/v1`, and of `/sandbox/…`, with which test programs control the sandbox.

pub mod authentication;
pub mod cart;
pub mod charges;
pub mod checkout_sessions;
pub mod control;
pub mod disputes;
pub mod events;
pub mod expand;
pub mod fault_injection;
pub mod idempotency;
pub mod payment_intents;
pub mod products;
pub mod refunds;
pub mod request;
