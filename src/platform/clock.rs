//! System clock, read in handlers and jobs and passed down, so that logic can be tested at any time.
//!
//! A point in time is a `DateTime<Utc>`, and a span between two a `TimeDelta`; `std::time::Duration` is for timeouts and intervals.

use chrono::{DateTime, Datelike, Utc};

#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Converts a UNIX timestamp in milliseconds from another service. One outside the years 0 to 9999, which RFC 3339 and PostgreSQL can
/// both write, is invalid and becomes 1970.
pub fn from_unix_millis(millis: i64) -> DateTime<Utc> {
    let at = DateTime::from_timestamp_millis(millis).filter(|at| (0..=9999).contains(&at.year()));
    at.unwrap_or(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;
    use rstest::rstest;

    #[rstest]
    #[case(1_772_668_740_123, "2026-03-04T23:59:00.123Z")]
    #[case(-1, "1969-12-31T23:59:59.999Z")]
    #[case(253_402_300_799_999, "9999-12-31T23:59:59.999Z")]
    #[case(253_402_300_800_000, "1970-01-01T00:00:00Z")]
    #[case(i64::MAX, "1970-01-01T00:00:00Z")]
    #[case(i64::MIN, "1970-01-01T00:00:00Z")]
    fn a_timestamp_that_is_no_time_is_1970(#[case] millis: i64, #[case] at: &str) {
        assert_eq!(from_unix_millis(millis), utc(at));
    }
}
