//! Operations on the data, called by the API, the pages and the timer. Each records the events that Stripe would send.

pub mod checkout_sessions;
pub mod disputes;
pub mod events;
pub mod lookup;
pub mod payment_flow;
pub mod refunds;
pub mod retention;
pub mod simulate;
