//! Tests of the sandbox through its router, and with Stripe's client library over a socket.

mod checkout_sessions;
mod client;
mod dashboard;
mod disputes;
mod idempotency;
mod objects;
mod refunds;
mod support;
