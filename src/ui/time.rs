//! Dates and times in the reader's time zone.

use chrono::{DateTime, Datelike, Timelike, Utc};
use leptos::prelude::*;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A date, and the time `with_time`. The server renders it in UTC; the browser replaces it by the reader's time zone.
#[component]
pub fn LocalTime(at: DateTime<Utc>, #[prop(optional)] with_time: bool) -> impl IntoView {
    let text = RwSignal::new(if with_time { utc_minute(at) } else { utc_day(at) });
    Effect::new(move |_| text.set(in_readers_zone(at, with_time)));
    view! { <time datetime=iso_datetime(at)>{text}</time> }
}

/// Formats a date in UTC: "5 March 2026".
pub fn utc_day(at: DateTime<Utc>) -> String {
    day(at.day(), at.month(), at.year())
}

/// Formats a date and time in UTC: "5 March 2026, 04:41 UTC".
pub fn utc_minute(at: DateTime<Utc>) -> String {
    format!("{}, {:02}:{:02} UTC", utc_day(at), at.hour(), at.minute())
}

fn in_readers_zone(at: DateTime<Utc>, with_time: bool) -> String {
    let date = js_sys::Date::new_0();
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in an f64 for millions of years")]
    date.set_time(at.timestamp() as f64 * 1000.0);
    let day = day(date.get_date(), date.get_month() + 1, date.get_full_year().cast_signed());
    if with_time { format!("{day}, {:02}:{:02}", date.get_hours(), date.get_minutes()) } else { day }
}

/// Formats a date: "5 March 2026". `month` counts from 1.
fn day(day: u32, month: u32, year: i32) -> String {
    format!("{day} {} {year}", MONTHS[(month as usize + 11) % 12])
}

/// Formats a date from its ISO form, as the database returns it: `2026-03-05` becomes "5 March 2026".
pub fn format_iso_day(iso: &str) -> String {
    let mut parts = iso.splitn(3, '-').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(year)), Some(Ok(month)), Some(Ok(number))) => day(number, month, year.cast_signed()),
        _ => iso.to_owned(),
    }
}

/// Formats a time for `<time datetime>`. It does not use `chrono`'s formatter, which would enlarge the browser's program.
fn iso_datetime(at: DateTime<Utc>) -> String {
    let (year, month, day) = (at.year(), at.month(), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;

    #[test]
    fn an_iso_date_is_formatted_for_readers() {
        assert_eq!(format_iso_day("2026-03-05"), "5 March 2026");
        assert_eq!(format_iso_day("soon"), "soon");
    }

    #[test]
    fn a_reader_without_javascript_sees_the_day_in_utc() {
        let at = utc("2026-03-04T23:59:00Z");
        assert_eq!(utc_day(at), "4 March 2026");
        assert_eq!(utc_minute(at), "4 March 2026, 23:59 UTC");
        assert_eq!(iso_datetime(at), "2026-03-04T23:59:00Z");
    }
}
