//! Sales: purchases as the back office shows them, with their refunds, disputes and timeline.

pub mod admin_pages;
pub mod api;
pub mod detail;
pub mod filter;
pub mod unmatched_payments;

#[cfg(feature = "ssr")]
pub mod csv_export;
#[cfg(feature = "ssr")]
pub mod detail_queries;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod search;
#[cfg(feature = "ssr")]
pub mod timeline;

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    pagination::Cursor,
    payments::RefundOrigin,
    stripe::states::{DisputeState, RefundState},
    ui::Tone,
};

/// The state of a sale. The database computes it from the payment, the refunds and the disputes of each purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "sale_state", rename_all = "snake_case"))]
pub enum SaleState {
    Paid,
    Free,
    /// The buyer disputes the payment at their bank. Access is paused.
    Disputed,
    PartlyRefunded,
    Refunded,
    /// A refund is recorded, and Stripe has not completed it.
    Refunding,
}

impl SaleState {
    pub const ALL: [Self; 6] =
        [Self::Paid, Self::Free, Self::PartlyRefunded, Self::Refunded, Self::Refunding, Self::Disputed];

    /// The identifier in URLs and in the CSV file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Free => "free",
            Self::Disputed => "disputed",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
            Self::Refunding => "refunding",
        }
    }

    /// The state in words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Paid => "Paid",
            Self::Free => "Free",
            Self::Disputed => "Disputed",
            Self::PartlyRefunded => "Partly refunded",
            Self::Refunded => "Refunded",
            Self::Refunding => "Refund pending",
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Paid => Tone::Accent,
            Self::Free => Tone::Plain,
            Self::PartlyRefunded | Self::Refunded => Tone::Warning,
            Self::Refunding | Self::Disputed => Tone::Danger,
        }
    }

    /// The state of this identifier.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A row of the sales list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRow {
    pub id: PurchaseId,
    /// The number of the receipt.
    pub number: i64,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub email: String,
    /// The name of the product at the time of purchase.
    pub product: String,
    pub subtotal: Cents,
    pub paid: Cents,
    pub refunded: Cents,
    pub state: SaleState,
    /// Stripe's id of the checkout session.
    pub session: Option<String>,
    /// Whether the card was issued in another country than the one that the price was computed for.
    pub country_differs: bool,
}

impl SaleRow {
    /// The position of this row in the list.
    pub const fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id.uuid() }
    }
}

/// A sale with its payment, refunds, disputes and timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    pub id: PurchaseId,
    /// The number of the receipt.
    pub number: i64,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub buyer_name: String,
    pub email: String,
    /// The name of the product at the time of purchase.
    pub product: String,
    pub subtotal: Cents,
    pub paid: Cents,
    pub discount_name: Option<String>,
    /// The country that the price was computed for.
    pub country: Option<String>,
    pub card_country: Option<String>,
    pub country_differs: bool,
    pub refunded: Cents,
    /// The sum of the refunds that Stripe has not completed.
    pub refunding: Cents,
    /// The time at which the purchase ended.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub refunded_at: Option<DateTime<Utc>>,
    pub state: SaleState,
    /// Stripe's id of the checkout session.
    pub session: Option<String>,
    pub payment_intent: Option<String>,
    pub refunds: Vec<RefundLine>,
    pub disputes: Vec<DisputeLine>,
    /// The names of the courses that the buyer has only by this purchase. A full refund ends access to them.
    pub ending_courses: Vec<String>,
    pub timeline: Vec<TimelineEntry>,
}

impl Sale {
    /// The amount that can still be refunded.
    pub fn refundable(&self) -> Cents {
        self.paid - self.refunded - self.refunding
    }

    /// Whether the purchase has ended and its buyer is still owed money: a refund failed after the buyer bought the product anew.
    pub fn owes_buyer(&self) -> bool {
        let lost = self.disputes.iter().any(|dispute| dispute.state == DisputeState::Lost);
        self.refunded_at.is_some() && !lost && self.refundable() > Cents::ZERO
    }
}

/// A buyer's dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeLine {
    pub amount: Cents,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub opened_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_seconds_option")]
    pub closed_at: Option<DateTime<Utc>>,
    pub state: DisputeState,
    /// Stripe's identifier of the reason, such as `product_not_received`.
    pub reason: String,
    pub stripe_id: String,
}

impl DisputeLine {
    /// "The buyer disputes $60 (product not received)."
    pub fn summary(&self) -> String {
        let reason = self.reason.replace('_', " ");
        let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let amount = self.amount;
        match self.state {
            DisputeState::Open => format!(
                "The buyer disputes {amount} at their bank{reason}. Access is paused until the bank decides. Respond to it in Stripe's dashboard."
            ),
            DisputeState::Won => format!("A dispute of {amount}{reason} was won. Access is restored."),
            DisputeState::Lost => {
                format!("A dispute of {amount}{reason} was lost. The bank withdrew the money, and the purchase ended.")
            }
        }
    }
}

/// A refund or a chargeback, in any state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub amount: Cents,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub at: DateTime<Utc>,
    pub state: RefundState,
    pub origin: RefundOrigin,
    /// The name of the admin who refunded.
    pub by: Option<String>,
    pub reason: String,
    /// Why it failed; empty when it did not.
    pub failure: String,
    pub stripe_id: Option<String>,
}

impl RefundLine {
    /// "Refund of $20 by Ada: completed".
    pub fn summary(&self) -> String {
        let by = match (self.origin, &self.by) {
            (RefundOrigin::Admin | RefundOrigin::Automatic, Some(name)) => format!(" by {name}"),
            (RefundOrigin::Stripe, _) => " in Stripe's dashboard".into(),
            _ => String::new(),
        };
        let state = match (self.origin, self.state) {
            (RefundOrigin::Dispute, RefundState::Succeeded) => "withdrawn by the bank",
            (_, state) => state.label(),
        };
        let failure = if self.failure.is_empty() { String::new() } else { format!(". {}", self.failure) };
        format!("{} of {}{by}: {state}{failure}", self.origin.label(), self.amount)
    }
}

/// An event in the history of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub text: String,
}
