//! Web server: shared state, HTTP extractors and middleware, rate limits, page cache.

pub mod http;
pub mod page_cache;
pub mod queries;
pub mod rate_limit;
pub mod school_cache;
pub mod state;
