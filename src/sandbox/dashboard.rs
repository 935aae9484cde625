//! The dashboard: every session, newest first, and what can still happen to it.

use std::collections::HashMap;

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use time::{OffsetDateTime, macros::format_description};

use super::{
    error::{ApiError, Result},
    events::{Delivery, Event},
    layout::{Page, failed},
    money,
    payments::Charge,
    refunds::Order,
    sessions::{PaymentStatus, Session, Status},
    state::{Data, Sandbox, now},
};

/// Sessions on one page.
const PAGE: usize = 25;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: usize,
}

/// A button of the dashboard.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    Settle,
    Fail,
    Expire,
    Refund,
    Resend,
}

/// `GET /`: the dashboard. `?page=1` is the second page.
pub async fn show(State(sandbox): State<Sandbox>, Query(asked): Query<Asked>) -> Response {
    sandbox.tick(now());
    page(&sandbox.data(), &sandbox.config().webhook_url, asked.page).into_response()
}

/// `POST /sessions/:id/:button`, then back to the dashboard.
pub async fn press(State(sandbox): State<Sandbox>, Path((id, button)): Path<(String, Button)>) -> Response {
    let now = now();
    let pressed = sandbox.change(now, |data| match button {
        Button::Settle => data.settle(&id, now),
        Button::Fail => data.fail(&id, now),
        Button::Expire => data.expire(&id, now, None),
        Button::Refund => refund(data, &id, now),
        Button::Resend => resend(data, &id),
    });
    match pressed.and(sandbox.stored().await) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => failed(&error),
    }
}

fn refund(data: &mut Data, id: &str, now: i64) -> Result<()> {
    data.sessions.get(id, "session")?;
    let charge = data.charge_of(id).map(|charge| charge.id.clone());
    let charge = charge.ok_or_else(|| ApiError::invalid("Nothing was paid for this session."))?;
    let order = Order { reason: Some("requested_by_customer".to_owned()), ..Order::default() };
    data.refund(&charge, order, now, None).map(drop)
}

/// Makes the last event about the session itself due again, unless it still is.
fn resend(data: &mut Data, id: &str) -> Result<()> {
    let about = |event: &&Event| event.session == id && event.kind.starts_with("checkout.session.");
    let event = data.events.rows().iter().rev().find(about).map(|event| event.id.clone());
    let event = event.ok_or_else(|| ApiError::invalid("Nothing has happened to this session yet."))?;
    data.events.get_mut(&event, "event")?.delivery = Delivery::due();
    Ok(())
}

impl Data {
    fn charge_of(&self, session: &str) -> Option<&Charge> {
        let intent = self.intents.find(self.sessions.find(session)?.payment_intent.as_ref()?)?;
        self.charges.find(intent.latest_charge.as_ref()?)
    }
}

fn page(data: &Data, webhook: &str, number: usize) -> Page {
    let count = data.sessions.rows().len();
    let mut events: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in data.events.rows() {
        events.entry(&event.session).or_default().push(event);
    }
    let start = number.saturating_mul(PAGE);
    let content = html! {
        h1 { "Stripe sandbox" }
        p.note { "Sessions made by the shop that talks to this sandbox. No money moves. Events go to " (webhook) "." }
        @if count == 0 {
            div.card { p { strong { "No sessions yet." } " Buy something in the shop, and its checkout session appears here." } }
        }
        ol.sessions {
            @for session in data.sessions.rows().iter().rev().skip(start).take(PAGE) {
                (row(data, session, events.get(session.id.as_str()).map_or(&[], Vec::as_slice)))
            }
        }
        nav.actions aria-label="Pages" {
            @if number > 0 { a.button href={ "/?page=" (number - 1) } { "Newer" } }
            @if start.saturating_add(PAGE) < count { a.button href={ "/?page=" (number + 1) } { "Older" } }
        }
    };
    Page { wide: true, ..Page::new("Stripe sandbox", content) }
}

fn row(data: &Data, session: &Session, events: &[&Event]) -> Markup {
    let under_way = data.is_under_way(&session.id);
    let charge = data.charge_of(&session.id);
    let label = format!("name-{}", session.id);
    let button = |action: &str, class: &str, text: &str| {
        html! {
            form method="post" action={ "/sessions/" (session.id) "/" (action) } {
                button class=(class) aria-describedby=(label) { (text) }
            }
        }
    };
    html! {
        li.card {
            div.head {
                h2 id=(label) { (session.title()) }
                span.money { (money(session.amount, &session.currency)) }
            }
            p {
                strong { (state_of(session, under_way, charge)) }
                @if let Some(customer) = &session.customer { ", " (customer.email) }
                @else if let Some(email) = &session.customer_email { ", " (email) }
                br;
                span.quiet { (moment(session.created)) ", " (session.id) }
            }
            div.actions {
                @if session.status == Status::Open {
                    a.button href={ "/pay/" (session.id) } { "Open payment page" }
                    (button("expire", "danger", "Expire"))
                }
                @if under_way {
                    (button("settle", "main", "Settle"))
                    (button("fail", "danger", "Fail"))
                }
                @if charge.is_some_and(|charge| charge.left() > 0) { (button("refund", "danger", "Refund")) }
                @if events.iter().any(|event| event.kind.starts_with("checkout.session.")) { (button("resend", "", "Resend event")) }
            }
            @if !events.is_empty() {
                details {
                    summary { "Events (" (events.len()) ")" }
                    ul { @for event in events { li { (event.kind) ": " (progress(&event.delivery)) } } }
                }
            }
        }
    }
}

fn state_of(session: &Session, under_way: bool, charge: Option<&Charge>) -> String {
    match (session.status, session.payment_status, charge) {
        (Status::Open, ..) => "Open".to_owned(),
        (Status::Expired, ..) => "Expired".to_owned(),
        (_, _, Some(charge)) if charge.left() == 0 => "Refunded".to_owned(),
        (_, _, Some(charge)) if charge.amount_refunded > 0 => {
            format!("Paid, {} refunded", money(charge.amount_refunded, &charge.currency))
        }
        (_, PaymentStatus::Paid, _) => "Paid".to_owned(),
        (_, PaymentStatus::NoPaymentRequired, _) => "Complete, nothing to pay".to_owned(),
        _ if under_way => "Complete, payment under way".to_owned(),
        _ => "Complete, payment failed".to_owned(),
    }
}

fn progress(delivery: &Delivery) -> String {
    let last = delivery.last.as_deref().unwrap_or_default();
    match (delivery.delivered, delivery.next_ms, delivery.tries) {
        (true, ..) => format!("delivered, {last}"),
        (_, Some(_), 0) => "on its way".to_owned(),
        (_, Some(_), tries) => format!("{last}; tried {tries} times, trying again"),
        (_, None, tries) => format!("{last}; given up after {tries} tries"),
    }
}

fn moment(seconds: i64) -> String {
    let format = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC");
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format).unwrap_or_default()
}
