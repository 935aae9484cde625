//! The receipt of a charge, which its `receipt_url` leads to.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::html;

use crate::sandbox::{
    clock::now,
    data::Data,
    model::{
        charge::{Charge, ChargeStatus},
        refund::RefundStatus,
    },
    money::format_amount,
    pages::{
        layout::{Page, error_page},
        parts::format_time,
    },
    store::Sandbox,
};

/// `GET /receipts/:charge`: the receipt, with the refunds so far.
pub async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.tick(now());
    let data = sandbox.data();
    match data.charges.get(&id, "charge") {
        Ok(charge) => page(&data, charge).into_response(),
        Err(error) => error_page(&error),
    }
}

fn page(data: &Data, charge: &Charge) -> Page {
    let format = |amount: i64| format_amount(amount, &charge.currency);
    let refunds = data.refunds.rows().iter().filter(|refund| refund.charge == charge.id);
    let session = data.sessions.find(&data.session_of_intent(&charge.payment_intent));
    let content = html! {
        h1 { "Sandbox receipt" }
        p.note { "No money moved." }
        section.card aria-label="Payment" {
            @if let Some(session) = session { p { strong { (session.title()) } } }
            ul.bill {
                li { span { (format_time(charge.created)) ", card ending in " (charge.customer.card.last4()) } span.money { (format(charge.amount)) } }
                @for refund in refunds.filter(|refund| refund.status != RefundStatus::Failed) {
                    li { span { "Refund, " (format_time(refund.created)) } span.money { (format(-refund.amount)) } }
                }
            }
            p.total { span { "Total" } span.money { (format(charge.refundable_amount())) } }
        }
        @if charge.status != ChargeStatus::Succeeded { p role="status" { "This payment is not complete." } }
    };
    Page::new("Sandbox receipt", content)
}
