//! Operations that change the stored objects and record events.

pub mod disputes;
pub mod events;
pub mod payment_flow;
pub mod refunds;
pub mod retention;
pub mod simulate;
