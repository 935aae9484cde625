//! Stripe's encoding of request parameters: form fields with brackets in their names.

pub mod brackets;
pub mod form;
