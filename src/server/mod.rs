//! The machine room: everything that is not about courses.

pub mod http;
pub mod page_cache;
pub mod rate_limit;
pub mod school_cache;
pub mod state;
