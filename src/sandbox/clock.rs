//! The sandbox's clock: the only place that reads the system's time.
//!
//! Every other function is passed the time, so that tests can choose it.

use time::OffsetDateTime;

/// Returns the current time in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Returns the current time in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
