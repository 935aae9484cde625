//! The timeline of a sale: its checkout, payment, refunds, disputes and Stripe events in the order of time.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    money::Cents,
    payments::{SaleNoteKind, outcome::label},
    sales::{DisputeLine, RefundLine, TimelineEntry},
    stripe::states::RefundState,
};

/// An event of Stripe, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
pub struct StripeEvent {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    kind: String,
    detail: String,
}

/// A note on a sale, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
pub struct Note {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    kind: Option<SaleNoteKind>,
    /// The sentence that an earlier version stored in place of a kind.
    legacy_text: Option<String>,
}

/// A second payment for the product of a sale, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
pub struct SecondPayment {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    amount: Cents,
    state: RefundState,
    failure: String,
}

impl SecondPayment {
    fn summary(&self) -> String {
        let refund = match self.state {
            RefundState::Pending => "Its refund is pending.".into(),
            RefundState::Succeeded => "It was refunded automatically.".into(),
            RefundState::Failed | RefundState::Reversed => format!("Its refund failed. {}", self.failure),
        };
        format!("A second payment of {} for the same product was received. {refund}", self.amount)
    }
}

/// What [`timeline`] is made of.
pub struct TimelineFacts<'a> {
    pub begun_at: Option<DateTime<Utc>>,
    /// When the buyer completed a checkout whose payment was still pending.
    pub submitted_at: Option<DateTime<Utc>>,
    pub paid_at: DateTime<Utc>,
    pub paid: Cents,
    /// When the card's country was found to differ from the price's country.
    pub card_checked_at: Option<DateTime<Utc>>,
    pub country: Option<&'a str>,
    pub card_country: Option<&'a str>,
    pub ended_at: Option<DateTime<Utc>>,
    pub events: Vec<StripeEvent>,
    pub notes: Vec<Note>,
    pub second_payments: Vec<SecondPayment>,
    pub refunds: &'a [RefundLine],
    pub disputes: &'a [DisputeLine],
}

/// Makes the timeline of a sale, oldest first.
pub fn timeline(facts: TimelineFacts<'_>) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
    let mut add = |at: Option<DateTime<Utc>>, text: String| entries.extend(at.map(|at| TimelineEntry { at, text }));
    let paid = facts.paid;
    add(facts.begun_at, "Checkout started".into());
    add(facts.submitted_at, "Checkout completed, payment pending".into());
    add(Some(facts.paid_at), if paid.is_zero() { "Enrolled for free".into() } else { format!("Paid {paid}") });
    if let (Some(country), Some(card_country)) = (facts.country, facts.card_country) {
        add(facts.card_checked_at, format!("The price was for {country}, but the card was issued in {card_country}"));
    }
    add(facts.ended_at, "The purchase and its access ended".into());
    for StripeEvent { at, kind, detail } in facts.events {
        add(Some(at), format!("Stripe event {kind}: {}", label(&detail)));
    }
    for Note { at, kind, legacy_text } in facts.notes {
        if let Some(text) = kind.map(|kind| kind.label().to_owned()).or(legacy_text) {
            add(Some(at), text);
        }
    }
    for payment in facts.second_payments {
        add(Some(payment.at), payment.summary());
    }
    for refund in facts.refunds {
        add(Some(refund.at), refund.summary());
    }
    for dispute in facts.disputes {
        add(Some(dispute.opened_at), format!("Disputed {}: access paused", dispute.amount));
        add(dispute.closed_at, dispute.summary());
    }
    entries.sort_by_key(|entry| entry.at);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::RefundOrigin;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    #[test]
    fn a_timeline_is_in_the_order_of_time() {
        let refund = RefundLine {
            amount: Cents(2000),
            at: at(5),
            state: RefundState::Succeeded,
            origin: RefundOrigin::Stripe,
            by: None,
            reason: String::new(),
            failure: String::new(),
            stripe_id: None,
        };
        let second = SecondPayment {
            at: at(4),
            amount: Cents(6000),
            state: RefundState::Failed,
            failure: "The card is closed.".into(),
        };
        let facts = TimelineFacts {
            begun_at: Some(at(1)),
            submitted_at: Some(at(2)),
            paid_at: at(3),
            paid: Cents(6000),
            card_checked_at: Some(at(7)),
            country: Some("India"),
            card_country: Some("Germany"),
            ended_at: None,
            events: vec![StripeEvent {
                at: at(3),
                kind: "checkout.session.completed".into(),
                detail: "access_granted".into(),
            }],
            notes: vec![
                Note { at: at(6), kind: Some(SaleNoteKind::PaidAfterExpiry), legacy_text: None },
                Note { at: at(8), kind: None, legacy_text: Some("As stored".into()) },
            ],
            second_payments: vec![second],
            refunds: &[refund],
            disputes: &[],
        };
        let texts: Vec<_> = timeline(facts).into_iter().map(|entry| entry.text).collect();
        assert_eq!(
            texts,
            [
                "Checkout started",
                "Checkout completed, payment pending",
                "Paid $60",
                "Stripe event checkout.session.completed: access granted",
                "A second payment of $60 for the same product was received. Its refund failed. The card is closed.",
                &format!("Refund of $20 in Stripe's dashboard: {}", RefundState::Succeeded.label()),
                SaleNoteKind::PaidAfterExpiry.label(),
                "The price was for India, but the card was issued in Germany",
                "As stored",
            ]
        );
    }
}
