//! The sandbox's clock: the only place that reads the system's time.
//!
//! Every other function is passed the time, so that tests can choose it.

use chrono::Utc;

/// Returns the current time in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now() -> i64 {
    Utc::now().timestamp()
}

/// Returns the current time in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}
