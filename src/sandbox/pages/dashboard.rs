//! The dashboard: every session, newest first, and what can still happen to it and to what was paid.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Path, Query, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use time::{OffsetDateTime, macros::format_description};

use crate::sandbox::{
    error::{ApiError, Result},
    model::checkout_session::{PaymentStatus, Session, Status},
    model::payment::Charge,
    model::test_card::Course,
    money,
    operations::disputes::{Dispute, DisputeStatus, REASONS},
    operations::events::Event,
    operations::refunds::{Refund, RefundStatus},
    operations::simulate::{DisputeAct, RefundAct, SessionAct, Wish},
    pages::events::{menu, progress},
    pages::layout::{Page, failed},
    store::{Data, Sandbox, now},
};

/// Sessions on one page.
const PAGE: usize = 25;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub page: usize,
}

/// What is typed beside a button.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    amount: String,
    reason: String,
    course: Course,
}

impl Typed {
    /// # Errors
    /// 400 for an amount that is none.
    fn wish(self, currency: &str) -> Result<Wish> {
        let amount = Some(self.amount.trim()).filter(|amount| !amount.is_empty());
        let amount = amount.map(|amount| {
            smallest_unit(amount, currency).ok_or_else(|| {
                ApiError::invalid("Write an amount such as 12.50, or leave it empty for all that is left.")
            })
        });
        let reason = Some(self.reason).filter(|reason| !reason.is_empty());
        Ok(Wish { amount: amount.transpose()?, reason, course: self.course, ..Wish::default() })
    }
}

/// What a person writes for an amount, in the currency's smallest unit.
fn smallest_unit(text: &str, currency: &str) -> Option<i64> {
    let text = text.trim_start_matches('$');
    if matches!(currency, "jpy" | "krw") {
        return text.parse().ok();
    }
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(cents) || cents.len() > 2 {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// `GET /`: the dashboard. `?page=1` is the second page.
pub async fn show(State(sandbox): State<Sandbox>, Query(asked): Query<Asked>) -> Response {
    sandbox.tick(now());
    page(&sandbox.data(), &sandbox.config().webhook_url, asked.page).into_response()
}

/// `POST /sessions/:id/:act`, then back to the dashboard.
pub async fn press(
    State(sandbox): State<Sandbox>,
    Path((id, act)): Path<(String, SessionAct)>,
    typed: std::result::Result<Form<Typed>, FormRejection>,
) -> Response {
    // A press without a form is one with every field left empty.
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    pressed(&sandbox, |data, now| {
        let currency = data.sessions.get(&id, "session")?.currency.clone();
        data.act(&id, act, &typed.wish(&currency)?, now).map(drop)
    })
    .await
}

/// `POST /refunds/:id/:act`, then back to the dashboard.
pub async fn end_refund(State(sandbox): State<Sandbox>, Path((id, act)): Path<(String, RefundAct)>) -> Response {
    pressed(&sandbox, |data, now| data.act_on_refund(&id, act, &Wish::default(), now)).await
}

/// `POST /disputes/:id/:act`, then back to the dashboard.
pub async fn go_on_with_dispute(
    State(sandbox): State<Sandbox>,
    Path((id, act)): Path<(String, DisputeAct)>,
) -> Response {
    pressed(&sandbox, |data, now| data.act_on_dispute(&id, act, now)).await
}

async fn pressed(sandbox: &Sandbox, act: impl FnOnce(&mut Data, i64) -> Result<()>) -> Response {
    let now = now();
    match sandbox.change(now, |data| act(data, now)).and(sandbox.stored().await) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => failed(&error),
    }
}

fn page(data: &Data, webhook: &str, number: usize) -> Page {
    let count = data.sessions.rows().len();
    let start = number.saturating_mul(PAGE);
    let shown: Vec<_> = data.sessions.rows().iter().rev().skip(start).take(PAGE).collect();
    let mut events: HashMap<&str, Vec<&Event>> =
        shown.iter().map(|session| (session.id.as_str(), Vec::new())).collect();
    for event in data.events.rows() {
        if let Some(events) = events.get_mut(event.session.as_str()) {
            events.push(event);
        }
    }
    let content = html! {
        h1 { "Stripe sandbox" }
        (menu("/"))
        p.note { "Sessions made by the shop that talks to this sandbox. No money moves. Events go to " (webhook) "." }
        @if count == 0 {
            div.card { p { strong { "No sessions yet." } " Buy something in the shop, and its checkout session appears here." } }
        }
        ol.sessions {
            @for session in shown {
                (row(data, session, events.get(session.id.as_str()).map_or(&[], Vec::as_slice)))
            }
        }
        (turns("/", number, start.saturating_add(PAGE) < count))
    };
    Page { wide: true, ..Page::new("Stripe sandbox", content) }
}

/// Links to the pages before and after.
pub fn turns(path: &str, number: usize, more: bool) -> Markup {
    html! {
        nav.actions aria-label="Pages" {
            @if number > 0 { a.button href={ (path) "?page=" (number - 1) } { "Newer" } }
            @if more { a.button href={ (path) "?page=" (number + 1) } { "Older" } }
        }
    }
}

fn row(data: &Data, session: &Session, events: &[&Event]) -> Markup {
    let under_way = data.is_under_way(&session.id);
    let charge = data.charge_of(&session.id);
    let dispute = charge.and_then(|charge| data.disputes.find(charge.dispute.as_ref()?));
    let label = format!("name-{}", session.id);
    let to = |act: &str| format!("/sessions/{}/{act}", session.id);
    let button = |act: &str, class: &str, text: &str| {
        html! { form method="post" action=(to(act)) { button class=(class) aria-describedby=(label) { (text) } } }
    };
    html! {
        li.card {
            div.head {
                h2 id=(label) { (session.title()) }
                span.money { (money(session.amount, &session.currency)) }
            }
            p {
                strong { (state_of(session, under_way, charge, dispute)) }
                @if let Some(customer) = &session.customer { ", " (customer.email) ", card from " (customer.country) }
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
                @if events.iter().any(|event| event.kind.starts_with("checkout.session.")) { (button("resend", "", "Resend event")) }
            }
            @if let Some(charge) = charge { (money_back(data, session, charge, dispute, &label)) }
            @if !events.is_empty() {
                details {
                    summary { "Events (" (events.len()) ")" }
                    ul { @for event in events { li { (event.kind) ": " (progress(&event.delivery)) } } }
                }
            }
        }
    }
}

/// What was paid, and the ways in which it goes back.
fn money_back(data: &Data, session: &Session, charge: &Charge, dispute: Option<&Dispute>, label: &str) -> Markup {
    let to = |act: &str| format!("/sessions/{}/{act}", session.id);
    let field = |name: &str| format!("{name}-{}", session.id);
    let open = dispute.is_none_or(Dispute::is_refundable);
    html! {
        @for refund in data.refunds.rows().iter().filter(|refund| refund.charge == charge.id) { (refund_line(refund)) }
        @if let Some(dispute) = dispute { (dispute_line(dispute)) }
        @if charge.left() > 0 && open {
            form.line method="post" action=(to("refund")) {
                label for=(field("amount")) { "Refund" }
                input id=(field("amount")) name="amount" inputmode="decimal" autocomplete="off"
                    placeholder={ "all of " (money(charge.left(), &charge.currency)) };
                button.danger aria-describedby=(label) { "Refund" }
            }
        }
        @if charge.left() > 0 && dispute.is_none() {
            form.line method="post" action=(to("dispute")) {
                label for=(field("reason")) { "Dispute" }
                select id=(field("reason")) name="reason" {
                    @for (reason, _) in REASONS { option value=(reason) { (reason.replace('_', " ")) } }
                }
                button.danger aria-describedby=(label) { "Dispute" }
            }
        }
        @if charge.left() > 0 && open {
            form.line method="post" action=(to("course")) {
                label for=(field("course")) { "Refunds of this payment" }
                select id=(field("course")) name="course" {
                    @for course in Course::ALL {
                        option value=(course.word()) selected[course == charge.course] { (course.says()) }
                    }
                }
                button aria-describedby=(label) { "Switch" }
            }
        }
        p.quiet { a href={ "/receipts/" (charge.id) } { "Receipt" } ", " (charge.id) }
    }
}

fn refund_line(refund: &Refund) -> Markup {
    let label = format!("refund-{}", refund.id);
    let button = |act: &str, text: &str| {
        html! {
            form method="post" action={ "/refunds/" (refund.id) "/" (act) } { button aria-describedby=(label) { (text) } }
        }
    };
    let state = match (refund.status, &refund.failure_reason) {
        (RefundStatus::Pending, _) => "pending".to_owned(),
        (RefundStatus::Succeeded, _) => "succeeded".to_owned(),
        (RefundStatus::Failed, reason) => {
            format!("failed: {}", reason.as_deref().unwrap_or("unknown").replace('_', " "))
        }
    };
    html! {
        div.part {
            span id=(label) { "Refund of " (money(refund.amount, &refund.currency)) ", " (state) }
            @if refund.status == RefundStatus::Pending { (button("succeed", "Let it succeed")) }
            @if refund.status != RefundStatus::Failed { (button("fail", "Let it fail")) }
        }
    }
}

fn dispute_line(dispute: &Dispute) -> Markup {
    let label = format!("dispute-{}", dispute.id);
    let button = |act: &str, text: &str| {
        html! {
            form method="post" action={ "/disputes/" (dispute.id) "/" (act) } { button aria-describedby=(label) { (text) } }
        }
    };
    html! {
        div.part {
            span id=(label) {
                "Dispute over " (money(dispute.amount, &dispute.currency)) ", " (dispute.reason.replace('_', " ")) ", " (standing(dispute))
            }
            @if dispute.status == DisputeStatus::NeedsResponse { (button("answer", "Answer it")) }
            @if dispute.is_open() {
                (button("win", "Shop wins"))
                (button("lose", "Shop loses"))
            }
        }
    }
}

fn standing(dispute: &Dispute) -> &'static str {
    match dispute.status {
        DisputeStatus::NeedsResponse => "waits for the shop",
        DisputeStatus::UnderReview => "the bank is looking",
        DisputeStatus::Won => "the shop won",
        DisputeStatus::Lost => "the shop lost",
    }
}

fn state_of(session: &Session, under_way: bool, charge: Option<&Charge>, dispute: Option<&Dispute>) -> String {
    match (session.status, session.payment_status, charge) {
        (Status::Open, ..) => "Open".to_owned(),
        (Status::Expired, ..) => "Expired".to_owned(),
        _ if dispute.is_some_and(Dispute::is_open) => "Disputed".to_owned(),
        _ if dispute.is_some_and(|dispute| !dispute.is_refundable()) => "Dispute lost".to_owned(),
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

/// A time for people.
pub fn moment(seconds: i64) -> String {
    let format = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC");
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("12.50", "usd", Some(1250))]
    #[case("$12", "usd", Some(1200))]
    #[case("0.5", "usd", Some(50))]
    #[case("12.505", "usd", None)]
    #[case("-1", "usd", None)]
    #[case("1e3", "usd", None)]
    #[case("99999999999999999999", "usd", None)]
    #[case("12", "jpy", Some(12))]
    fn amounts_are_read_as_people_write_them(#[case] text: &str, #[case] currency: &str, #[case] amount: Option<i64>) {
        assert_eq!(smallest_unit(text, currency), amount);
    }
}
