//! Stripe: the client, the objects and their states.

pub mod states;

#[cfg(feature = "ssr")]
pub mod client;
#[cfg(feature = "ssr")]
pub mod objects;
