//! The clock: read at the edge and passed in, so that logic can be asked about any moment.
//!
//! A moment is a `DateTime<Utc>`, and a span between moments a `TimeDelta`; `std::time::Duration` is for timeouts and intervals.

use chrono::{DateTime, Datelike, Utc};

#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The moment of a UNIX timestamp in milliseconds, as another service sends it. Outside the years 0 to 9999, which RFC 3339 and
/// PostgreSQL both can write, it is 1970: such a number is no time.
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
