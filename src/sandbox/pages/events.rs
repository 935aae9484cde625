//! The dashboard's list of events, where each one can be resent.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use crate::sandbox::{
    clock::now,
    pages::{
        layout::{Page, error_page},
        parts::{PageQuery, delivery_state, format_time, navigation, pagination_links},
    },
    store::Sandbox,
};

const EVENTS_PER_PAGE: usize = 50;

/// `GET /events`: the events, newest first.
pub async fn show(State(sandbox): State<Sandbox>, Query(query): Query<PageQuery>) -> Response {
    sandbox.tick(now());
    let data = sandbox.data();
    let (events, start) = (data.events.rows(), query.page.saturating_mul(EVENTS_PER_PAGE));
    let content = html! {
        h1 { "Events" }
        (navigation("/events"))
        p.note { "All events, newest first. They are sent to " (sandbox.config().webhook_url) "." }
        @if events.is_empty() { div.card { p { strong { "No events yet." } " A payment creates the first ones." } } }
        ol.sessions {
            @for event in events.iter().rev().skip(start).take(EVENTS_PER_PAGE) {
                li.part {
                    span id={ "event-" (event.id) } {
                        strong { (event.kind) } ", " (delivery_state(&event.delivery))
                        br;
                        span.quiet { (format_time(event.created)) ", " (event.id) }
                    }
                    form method="post" action={ "/events/" (event.id) "/send" } {
                        button aria-describedby={ "event-" (event.id) } { "Resend" }
                    }
                }
            }
        }
        (pagination_links("/events", query.page, start.saturating_add(EVENTS_PER_PAGE) < events.len()))
    };
    Page { wide: true, ..Page::new("Events: Stripe sandbox", content) }.into_response()
}

/// `POST /events/:id/send`: resends an event and returns to the list.
pub async fn resend(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    match sandbox.change(now(), |data| data.resend_event(&id)).and(sandbox.wait_until_stored().await) {
        Ok(()) => Redirect::to("/events").into_response(),
        Err(error) => error_page(&error),
    }
}
