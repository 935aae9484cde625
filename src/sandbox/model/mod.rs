//! Stripe's objects as the sandbox stores and renders them.

pub mod checkout_session;
pub mod fault_injection;
pub mod payment;
pub mod test_card;
