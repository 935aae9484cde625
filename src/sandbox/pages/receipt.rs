//! `/receipts/:charge`: the receipt that Stripe would host, as `receipt_url` of a charge leads to it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::html;

use crate::sandbox::{
    model::payment::{Charge, ChargeStatus},
    money,
    operations::refunds::RefundStatus,
    pages::dashboard::moment,
    pages::layout::{Page, failed},
    store::{Data, Sandbox, now},
    table::Row,
};

/// `GET /receipts/:id`.
pub async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.tick(now());
    let data = sandbox.data();
    match data.charges.get(&id, "charge") {
        Ok(charge) => page(&data, charge).into_response(),
        Err(error) => failed(&error),
    }
}

fn page(data: &Data, charge: &Charge) -> Page {
    let amount = |amount: i64| money(amount, &charge.currency);
    let refunds = data.refunds.rows().iter().filter(|refund| refund.charge == charge.id);
    let session = data.sessions.find(&data.session_of(&charge.payment_intent));
    let content = html! {
        h1 { "Sandbox receipt" }
        p.note { "No money moved." }
        section.card aria-label="What was paid" {
            @if let Some(session) = session { p { strong { (session.title()) } } }
            ul.bill {
                li { span { (moment(charge.created())) ", card ending in " (charge.customer.card.last4()) } span.money { (amount(charge.amount)) } }
                @for refund in refunds.filter(|refund| refund.status != RefundStatus::Failed) {
                    li { span { "Refund, " (moment(refund.created())) } span.money { (amount(-refund.amount)) } }
                }
            }
            p.total { span { "Total" } span.money { (amount(charge.left())) } }
        }
        @if charge.status != ChargeStatus::Succeeded { p role="status" { "This payment has not arrived." } }
    };
    Page::new("Sandbox receipt", content)
}
