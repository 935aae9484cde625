//! Time: when something happened, as the reader's own clock says it.

use leptos::prelude::*;
use time::{OffsetDateTime, UtcOffset};

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

/// A day, and the minute where it matters. The server writes it in UTC; the browser then in the reader's time zone.
#[component]
pub fn LocalTime(at: OffsetDateTime, #[prop(optional)] with_time: bool) -> impl IntoView {
    let at = at.to_offset(UtcOffset::UTC);
    let words = RwSignal::new(in_utc(at, with_time));
    Effect::new(move |_| words.set(in_readers_zone(at, with_time)));
    view! { <time datetime=machine(at)>{words}</time> }
}

fn in_utc(at: OffsetDateTime, with_time: bool) -> String {
    let day = day(at.day().into(), u8::from(at.month()).into(), at.year());
    if with_time { format!("{day}, {:02}:{:02} UTC", at.hour(), at.minute()) } else { day }
}

fn in_readers_zone(at: OffsetDateTime, with_time: bool) -> String {
    let date = js_sys::Date::new_0();
    #[allow(clippy::cast_precision_loss, reason = "milliseconds are exact far beyond any purchase")]
    date.set_time(at.unix_timestamp() as f64 * 1000.0);
    let day = day(date.get_date(), date.get_month() + 1, date.get_full_year().cast_signed());
    if with_time { format!("{day}, {:02}:{:02}", date.get_hours(), date.get_minutes()) } else { day }
}

/// "5 March 2026". `month` counts from 1.
fn day(day: u32, month: u32, year: i32) -> String {
    format!("{day} {} {year}", MONTHS[(month as usize + 11) % 12])
}

/// A day as the database writes it, `2026-03-05`, as a person does.
pub fn day_words(iso: &str) -> String {
    let mut parts = iso.splitn(3, '-').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(year)), Some(Ok(month)), Some(Ok(number))) => day(number, month, year.cast_signed()),
        _ => iso.to_owned(),
    }
}

/// As `<time datetime>` wants it, without the formatter that only the server has.
fn machine(at: OffsetDateTime) -> String {
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_database_reads_as_a_day() {
        assert_eq!(day_words("2026-03-05"), "5 March 2026");
        assert_eq!(day_words("soon"), "soon");
    }

    #[test]
    fn a_reader_without_javascript_sees_the_day_in_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_772_668_740).expect("in range");
        assert_eq!(in_utc(at, false), "4 March 2026");
        assert_eq!(in_utc(at, true), "4 March 2026, 23:59 UTC");
        assert_eq!(machine(at), "2026-03-04T23:59:00Z");
    }
}
