//! HTML pages for people: the payment page, receipts, and the dashboard with its events and injected faults.

pub mod dashboard;
pub mod events;
pub mod fault_injection;
pub mod layout;
pub mod parts;
pub mod payment;
pub mod receipt;
pub mod session_card;
