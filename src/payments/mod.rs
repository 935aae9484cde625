//! Payments: everything that an event of Stripe changes.

pub mod unmatched;

#[cfg(feature = "ssr")]
pub mod attempt_queries;
#[cfg(feature = "ssr")]
pub mod card_country_check;
#[cfg(feature = "ssr")]
pub mod dispute_events;
#[cfg(feature = "ssr")]
pub mod dispute_queries;
#[cfg(feature = "ssr")]
pub mod emails;
#[cfg(feature = "ssr")]
pub mod event_queries;
#[cfg(feature = "ssr")]
pub mod fulfil;
#[cfg(feature = "ssr")]
pub mod notification_queries;
#[cfg(feature = "ssr")]
pub mod notifications;
#[cfg(feature = "ssr")]
pub mod outcome;
#[cfg(feature = "ssr")]
pub mod purchase_queries;
#[cfg(feature = "ssr")]
pub mod reconcile;
#[cfg(feature = "ssr")]
pub mod reconcile_queries;
#[cfg(feature = "ssr")]
pub mod refund_events;
#[cfg(feature = "ssr")]
pub mod refund_fetching;
#[cfg(feature = "ssr")]
pub mod refund_queries;
#[cfg(feature = "ssr")]
pub mod refund_submission;
#[cfg(feature = "ssr")]
pub mod refunds;
#[cfg(feature = "ssr")]
pub mod state_machine;
#[cfg(feature = "ssr")]
pub mod unusable_payment_queries;
#[cfg(feature = "ssr")]
pub mod webhook;

#[cfg(test)]
#[cfg(feature = "ssr")]
mod email_tests;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod refund_tests;

use serde::{Deserialize, Serialize};

use crate::money::Cents;

/// The state of a checkout attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "attempt_state", rename_all = "lowercase"))]
pub enum AttemptState {
    Open,
    Paid,
    Free,
    Expired,
    Failed,
}

/// A product as it was when it was bought.
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

    /// Describes the payment, as the beginning of a sentence.
    pub fn describe(self, amount: Cents) -> String {
        match self {
            Self::Duplicate => format!("A second payment of {amount}"),
            Self::AccountDeleted => format!("A payment of {amount} for a deleted account"),
        }
    }
}

/// A note on a sale's timeline that follows from no other row.
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
            Self::PaidAfterExpiry => "The payment arrived after the checkout had expired. It was accepted.",
            Self::PaidAfterFailure => "The payment arrived after the checkout had failed. It was accepted.",
            Self::ProductWasPrivate => "The product was private when the payment arrived. It was accepted.",
        }
    }
}

/// Who made a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "refund_origin", rename_all = "lowercase"))]
pub enum RefundOrigin {
    /// An admin, in the back office.
    Admin,
    /// The server, because the payment was unusable.
    Automatic,
    /// A person in Stripe's dashboard.
    Stripe,
    /// The bank, after a lost dispute.
    Dispute,
}

impl RefundOrigin {
    /// The label in a list of amounts.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dispute => "Chargeback",
            Self::Admin | Self::Automatic | Self::Stripe => "Refund",
        }
    }
}

/// The result of submitting a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundResult {
    /// Stripe made the refund. `purchase_ended`: nothing is left of the payment.
    Succeeded { amount: Cents, purchase_ended: bool },
    /// Stripe accepted the refund and will report its result.
    Pending { amount: Cents },
    /// Stripe did not respond. The refund is stored, and a job submits it again.
    Queued { amount: Cents },
    /// Nothing was paid, so nothing was refunded: the purchase has ended.
    PurchaseEnded,
}

impl RefundResult {
    /// The message for the admin.
    pub fn message(self) -> String {
        match self {
            Self::Succeeded { amount, purchase_ended: true } => format!("Refunded {amount}. The purchase has ended."),
            Self::Succeeded { amount, purchase_ended: false } => {
                format!("Refunded {amount}. The student keeps access.")
            }
            Self::Pending { amount } => format!("Stripe accepted the refund of {amount}. It is pending."),
            Self::Queued { .. } => {
                "Stripe did not respond. The refund is saved and is retried automatically, or when you press Finish refund.".into()
            }
            Self::PurchaseEnded => "The purchase has ended.".into(),
        }
    }
}
