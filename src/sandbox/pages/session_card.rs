//! One checkout session on the dashboard: its state, its payment, and the buttons of the actions that it allows.

use maud::{Markup, html};

use crate::sandbox::{
    data::Data,
    model::{
        charge::Charge,
        checkout_session::{CheckoutSession, PaymentStatus, SessionStatus},
        dispute::{DISPUTE_REASONS, Dispute, DisputeStatus},
        event::Event,
        refund::{Refund, RefundStatus},
        test_card::RefundBehavior,
    },
    money::format_amount,
    pages::parts::{delivery_state, format_time},
};

/// Renders a session with its events.
pub fn session_card(data: &Data, session: &CheckoutSession, events: &[&Event]) -> Markup {
    let has_pending_payment = data.has_pending_payment(&session.id);
    let charge = data.paid_charge(&session.id);
    let dispute = charge.and_then(|charge| data.disputes.find(charge.dispute.as_ref()?));
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
                span.money { (format_amount(session.amount, &session.currency)) }
            }
            p {
                strong { (session_state(session, has_pending_payment, charge, dispute)) }
                @if let Some(customer) = &session.customer { ", " (customer.email) ", card from " (customer.country) }
                @else if let Some(email) = &session.customer_email { ", " (email) }
                br;
                span.quiet { (format_time(session.created)) ", " (session.id) }
            }
            div.actions {
                @if session.status == SessionStatus::Open {
                    a.button href={ "/pay/" (session.id) } { "Open payment page" }
                    (button("expire", "danger", "Expire"))
                }
                @if has_pending_payment {
                    (button("settle", "main", "Complete payment"))
                    (button("fail", "danger", "Fail payment"))
                }
                @if events.iter().any(|event| event.kind.starts_with("checkout.session.")) {
                    (button("resend", "", "Resend event"))
                }
            }
            @if let Some(charge) = charge { (charge_section(data, session, charge, dispute, &label)) }
            @if !events.is_empty() {
                details {
                    summary { "Events (" (events.len()) ")" }
                    ul { @for event in events { li { (event.kind) ": " (delivery_state(&event.delivery)) } } }
                }
            }
        }
    }
}

/// Renders the refunds and the dispute of a charge, and the forms that create them.
fn charge_section(
    data: &Data,
    session: &CheckoutSession,
    charge: &Charge,
    dispute: Option<&Dispute>,
    label: &str,
) -> Markup {
    let action_url = |action: &str| format!("/sessions/{}/{action}", session.id);
    let field = |name: &str| format!("{name}-{}", session.id);
    let has_amount = charge.refundable_amount() > 0;
    let is_refundable = has_amount && dispute.is_none_or(Dispute::is_refundable);
    html! {
        @for refund in data.refunds.rows().iter().filter(|refund| refund.charge == charge.id) { (refund_line(refund)) }
        @if let Some(dispute) = dispute { (dispute_line(dispute)) }
        @if is_refundable {
            form.line method="post" action=(action_url("refund")) {
                label for=(field("amount")) { "Refund" }
                input id=(field("amount")) name="amount" inputmode="decimal" autocomplete="off"
                    placeholder={ (format_amount(charge.refundable_amount(), &charge.currency)) " if empty" };
                button.danger aria-describedby=(label) { "Refund" }
            }
        }
        @if has_amount && dispute.is_none() {
            form.line method="post" action=(action_url("dispute")) {
                label for=(field("reason")) { "Dispute" }
                select id=(field("reason")) name="reason" {
                    @for (reason, _) in DISPUTE_REASONS { option value=(reason) { (reason.replace('_', " ")) } }
                }
                button.danger aria-describedby=(label) { "Dispute" }
            }
        }
        @if is_refundable {
            form.line method="post" action=(action_url("course")) {
                label for=(field("course")) { "Refunds of this payment" }
                select id=(field("course")) name="course" {
                    @for behavior in RefundBehavior::ALL {
                        option value=(behavior.name()) selected[behavior == charge.refund_behavior] { (behavior.label()) }
                    }
                }
                button aria-describedby=(label) { "Save" }
            }
        }
        p.quiet { a href={ "/receipts/" (charge.id) } { "Receipt" } ", " (charge.id) }
    }
}

fn refund_line(refund: &Refund) -> Markup {
    let label = format!("refund-{}", refund.id);
    let button = |action: &str, text: &str| {
        html! {
            form method="post" action={ "/refunds/" (refund.id) "/" (action) } { button aria-describedby=(label) { (text) } }
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
            span id=(label) { "Refund of " (format_amount(refund.amount, &refund.currency)) ", " (state) }
            @if refund.status == RefundStatus::Pending { (button("succeed", "Mark as succeeded")) }
            @if refund.status != RefundStatus::Failed { (button("fail", "Mark as failed")) }
        }
    }
}

fn dispute_line(dispute: &Dispute) -> Markup {
    let label = format!("dispute-{}", dispute.id);
    let button = |action: &str, text: &str| {
        html! {
            form method="post" action={ "/disputes/" (dispute.id) "/" (action) } { button aria-describedby=(label) { (text) } }
        }
    };
    let status = match dispute.status {
        DisputeStatus::NeedsResponse => "needs a response",
        DisputeStatus::UnderReview => "under review by the bank",
        DisputeStatus::Won => "won by the shop",
        DisputeStatus::Lost => "lost by the shop",
    };
    html! {
        div.part {
            span id=(label) {
                "Dispute over " (format_amount(dispute.amount, &dispute.currency)) ", " (dispute.reason.replace('_', " ")) ", " (status)
            }
            @if dispute.status == DisputeStatus::NeedsResponse { (button("answer", "Submit evidence")) }
            @if dispute.is_open() {
                (button("win", "Shop wins"))
                (button("lose", "Shop loses"))
            }
        }
    }
}

/// Describes the state of a session and its payment.
fn session_state(
    session: &CheckoutSession,
    has_pending_payment: bool,
    charge: Option<&Charge>,
    dispute: Option<&Dispute>,
) -> String {
    match (session.status, session.payment_status, charge) {
        (SessionStatus::Open, ..) => "Open".to_owned(),
        (SessionStatus::Expired, ..) => "Expired".to_owned(),
        _ if dispute.is_some_and(Dispute::is_open) => "Disputed".to_owned(),
        _ if dispute.is_some_and(|dispute| !dispute.is_refundable()) => "Dispute lost".to_owned(),
        (_, _, Some(charge)) if charge.refundable_amount() == 0 => "Refunded".to_owned(),
        (_, _, Some(charge)) if charge.amount_refunded > 0 => {
            format!("Paid, {} refunded", format_amount(charge.amount_refunded, &charge.currency))
        }
        (_, PaymentStatus::Paid, _) => "Paid".to_owned(),
        (_, PaymentStatus::NoPaymentRequired, _) => "Complete, no payment required".to_owned(),
        _ if has_pending_payment => "Complete, payment pending".to_owned(),
        _ => "Complete, payment failed".to_owned(),
    }
}
