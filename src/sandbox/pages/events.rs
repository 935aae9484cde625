//! The dashboard's other pages: every event, to be sent again, and the switches.

use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use crate::sandbox::{
    model::fault_injection::{Delivering, Failure, Switches},
    operations::events::Delivery,
    pages::dashboard::{Asked, moment, turns},
    pages::layout::{Page, failed},
    store::{Sandbox, now},
};

/// Events on one page.
const PAGE: usize = 50;

/// The way between the pages.
pub fn menu(here: &str) -> Markup {
    html! {
        nav.menu aria-label="Sandbox" {
            @for (path, name) in [("/", "Payments"), ("/events", "Events"), ("/switches", "Switches")] {
                a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
            }
        }
    }
}

/// `GET /events`, newest first.
pub async fn show(State(sandbox): State<Sandbox>, Query(asked): Query<Asked>) -> Response {
    sandbox.tick(now());
    let data = sandbox.data();
    let (events, start) = (data.events.rows(), asked.page.saturating_mul(PAGE));
    let content = html! {
        h1 { "Events" }
        (menu("/events"))
        p.note { "What happened, and what the shop at " (sandbox.config().webhook_url) " knows of it." }
        @if events.is_empty() { div.card { p { strong { "No events yet." } " They come with the first payment." } } }
        ol.sessions {
            @for event in events.iter().rev().skip(start).take(PAGE) {
                li.part {
                    span id={ "event-" (event.id) } {
                        strong { (event.kind) } ", " (progress(&event.delivery))
                        br;
                        span.quiet { (moment(event.created)) ", " (event.id) }
                    }
                    form method="post" action={ "/events/" (event.id) "/send" } {
                        button aria-describedby={ "event-" (event.id) } { "Send again" }
                    }
                }
            }
        }
        (turns("/events", asked.page, start.saturating_add(PAGE) < events.len()))
    };
    Page { wide: true, ..Page::new("Events: Stripe sandbox", content) }.into_response()
}

/// `POST /events/:id/send`, then back to the events.
pub async fn send(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    match sandbox.change(now(), |data| data.send_again(&id)).and(sandbox.stored().await) {
        Ok(()) => Redirect::to("/events").into_response(),
        Err(error) => failed(&error),
    }
}

/// How far an event came, for people.
pub fn progress(delivery: &Delivery) -> String {
    let last = delivery.last.as_deref().unwrap_or_default();
    match (delivery.delivered, delivery.next_ms, delivery.tries) {
        (true, ..) => format!("delivered, {last}"),
        (_, Some(_), 0) => "on its way".to_owned(),
        (_, Some(_), tries) => format!("{last}; tried {tries} times, trying again"),
        (_, None, tries) => format!("{last}; given up after {tries} tries"),
    }
}

/// `GET /switches`.
pub async fn switches(State(sandbox): State<Sandbox>) -> Response {
    let switches = sandbox.switches();
    let number = |name: &str, label: &str, value: u64, most: u64| {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type="number" min="0" max=(most) value=(value);
            }
        }
    };
    let content = html! {
        h1 { "Switches" }
        (menu("/switches"))
        p.note { "What goes wrong on a bad day. A restart of the sandbox puts all of it right." }
        form.card method="post" action="/switches" {
            (number("latency_ms", "Answers of the API come so many milliseconds later", switches.latency_ms, 60_000))
            (number("fail_next", "So many calls of the API fail next", u64::from(switches.fail_next), 1000))
            div.field {
                label for="failure" { "They fail" }
                select id="failure" name="failure" {
                    @for failure in Failure::ALL {
                        option value=(failure.words().0) selected[failure == switches.failure] { (failure.words().1) }
                    }
                }
            }
            div.field {
                label for="delivery" { "Events" }
                select id="delivery" name="delivery" {
                    @for delivery in Delivering::ALL {
                        option value=(delivery.words().0) selected[delivery == switches.delivery] { (delivery.words().1) }
                    }
                }
            }
            (number("duplicates", "Every event is delivered so many times more", u64::from(switches.duplicates), 9))
            div.field.check {
                input id="shuffle" name="shuffle" type="checkbox" value="true" checked[switches.shuffle];
                label for="shuffle" { "Events come in another order than they happened" }
            }
            div.actions { button.main { "Switch" } }
        }
    };
    Page::new("Switches: Stripe sandbox", content).into_response()
}

/// `POST /switches`, then back to them. What is not in the form is off.
pub async fn turn(State(sandbox): State<Sandbox>, Form(turned): Form<Switches>) -> Response {
    sandbox.switch(|switches| *switches = turned);
    Redirect::to("/switches").into_response()
}
