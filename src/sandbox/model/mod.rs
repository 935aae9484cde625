//! Stripe's objects: their stored fields, and the JSON that Stripe's API returns for them.
//!
//! The state file keeps the field names of its first version: `serde(rename)` says where the code has a better one.

pub mod charge;
pub mod checkout_session;
pub mod customer_details;
pub mod dispute;
pub mod event;
pub mod fault_injection;
pub mod idempotent_response;
pub mod payment_intent;
pub mod product;
pub mod refund;
pub mod test_card;
