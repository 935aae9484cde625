//! Parts that several pages of the dashboard share: navigation, pagination, times and the state of a delivery.

use chrono::DateTime;
use maud::{Markup, html};
use serde::Deserialize;

use crate::sandbox::model::event::Delivery;

/// The query string of a page with a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// 0 is the first page.
    pub page: usize,
}

/// Renders the navigation between the pages. `current` is the path of the page that is shown.
pub fn navigation(current: &str) -> Markup {
    html! {
        nav.menu aria-label="Sandbox" {
            @for (path, name) in [("/", "Payments"), ("/events", "Events"), ("/switches", "Fault injection")] {
                a href=(path) aria-current=[(path == current).then_some("page")] { (name) }
            }
        }
    }
}

/// Renders links to the previous and the next page of a list.
pub fn pagination_links(path: &str, page: usize, has_more: bool) -> Markup {
    html! {
        nav.actions aria-label="Pagination" {
            @if page > 0 { a.button href={ (path) "?page=" (page - 1) } { "Newer" } }
            @if has_more { a.button href={ (path) "?page=" (page + 1) } { "Older" } }
        }
    }
}

/// Formats a time, given in seconds since 1970.
pub fn format_time(seconds: i64) -> String {
    let time = DateTime::from_timestamp_secs(seconds).unwrap_or(DateTime::UNIX_EPOCH);
    time.format("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// Describes the state of an event's delivery.
pub fn delivery_state(delivery: &Delivery) -> String {
    let result = delivery.last_result.as_deref().unwrap_or_default();
    match (delivery.delivered, delivery.next_ms, delivery.attempts) {
        (true, ..) => format!("delivered ({result})"),
        (_, Some(_), 0) => "pending".to_owned(),
        (_, Some(_), attempts) => format!("attempt {attempts} failed ({result}), retrying"),
        (_, None, attempts) => format!("failed after {attempts} attempts ({result})"),
    }
}
