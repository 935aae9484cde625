//! Payments: everything that Stripe's events change.

pub mod unmatched;

#[cfg(feature = "ssr")]
pub mod attempt_queries;
#[cfg(feature = "ssr")]
pub mod card_country_check;
#[cfg(feature = "ssr")]
pub mod dispute_events;
#[cfg(feature = "ssr")]
pub mod emails;
#[cfg(feature = "ssr")]
pub mod fulfil;
#[cfg(feature = "ssr")]
pub mod ledger_queries;
#[cfg(feature = "ssr")]
pub mod notification_queries;
#[cfg(feature = "ssr")]
pub mod notifications;
#[cfg(feature = "ssr")]
pub mod outcome;
#[cfg(feature = "ssr")]
pub mod reconcile;
#[cfg(feature = "ssr")]
pub mod refund_events;
#[cfg(feature = "ssr")]
pub mod refund_queries;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod refund_tests;
#[cfg(feature = "ssr")]
pub mod refunds;
#[cfg(feature = "ssr")]
pub mod state_machine;
#[cfg(feature = "ssr")]
pub mod webhook;

use crate::money::Cents;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "attempt_state", rename_all = "lowercase"))]
pub enum AttemptState {
    Open,
    Paid,
    Free,
    Expired,
    Failed,
}

/// What a product was called and looked like when it was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDetails {
    pub name: String,
    pub description: String,
    pub image_url: String,
}

/// Why a payment cannot become a purchase, so that it is refunded automatically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "unusable_payment_reason", rename_all = "snake_case"))]
pub enum UnusablePaymentReason {
    /// The buyer owns the product already.
    Duplicate,
    /// The account was deleted between the checkout and the payment.
    AccountDeleted,
}

impl UnusablePaymentReason {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Duplicate => "Product owned already",
            Self::AccountDeleted => "Account deleted",
        }
    }

    /// The payment, as a sentence begins with it.
    pub fn describe(self, amount: Cents) -> String {
        match self {
            Self::Duplicate => format!("A second payment of {amount}"),
            Self::AccountDeleted => format!("A payment of {amount} for a deleted account"),
        }
    }
}

/// What a sale's timeline notes that no other row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "sale_note_kind", rename_all = "snake_case"))]
pub enum SaleNoteKind {
    PaidAfterExpiry,
    PaidAfterFailure,
    ProductWasPrivate,
}

impl SaleNoteKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::PaidAfterExpiry => "The payment came after the checkout had expired. It is honoured.",
            Self::PaidAfterFailure => "The payment came after the checkout had failed. It is honoured.",
            Self::ProductWasPrivate => "The product was private when the payment came. It is honoured.",
        }
    }
}

/// Who sent money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "refund_origin", rename_all = "lowercase"))]
pub enum RefundOrigin {
    /// From here, by hand.
    Admin,
    /// The server, without an order: an unusable payment.
    Automatic,
    /// Somebody in Stripe's dashboard.
    Stripe,
    /// The bank, after a dispute.
    Dispute,
}

impl RefundOrigin {
    /// What it is called in a list of amounts.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Dispute => "Taken back by the bank",
            Self::Admin | Self::Automatic | Self::Stripe => "Refund",
        }
    }
}

/// What a refund came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refunded {
    /// The money is on its way to the buyer; `whole` when nothing is left, so the purchase ended.
    Sent { amount: Cents, whole: bool },
    /// Stripe took it, and will tell how it ends.
    Taken { amount: Cents },
    /// Stripe does not answer. The refund is stored.
    Kept { amount: Cents },
    /// Nothing was paid, so nothing goes back: the purchase ended.
    Ended,
}

impl Refunded {
    pub fn words(self) -> String {
        match self {
            Self::Sent { amount, whole: true } => {
                format!("Refunded {amount}. Nothing is left: the purchase has ended.")
            }
            Self::Sent { amount, whole: false } => format!("Refunded {amount}. The student keeps access."),
            Self::Taken { amount } => format!("Stripe has taken the refund of {amount} and is sending it."),
            Self::Kept { .. } => {
                "Stripe does not answer. The refund is kept and is sent again when you press Finish refund.".into()
            }
            Self::Ended => "The purchase has ended.".into(),
        }
    }
}
