//! HTML pages for people: payment page, dashboard, receipts.

pub mod dashboard;
pub mod events;
pub mod layout;
pub mod payment;
pub mod receipt;
