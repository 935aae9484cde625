//! Stripe: the API client, the objects and events that we parse, and their states.

pub mod states;

#[cfg(feature = "ssr")]
pub mod charges;
#[cfg(feature = "ssr")]
pub mod checkout_sessions;
#[cfg(feature = "ssr")]
pub mod client;
#[cfg(feature = "ssr")]
pub mod event;
#[cfg(feature = "ssr")]
pub mod lists;
#[cfg(feature = "ssr")]
pub mod objects;
#[cfg(feature = "ssr")]
pub mod refunds;
