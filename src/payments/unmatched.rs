//! Payments without a purchase, and events that do not fit their checkout attempt.

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    payments::UnusablePaymentReason,
    stripe::states::RefundState,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Money that was paid and is no purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedPayment {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub email: String,
    /// What it was meant for.
    pub product: String,
    pub amount: Cents,
    /// How its refund stands.
    pub state: RefundState,
    pub failure: String,
    /// Why it is no purchase.
    pub reason: UnusablePaymentReason,
    /// The purchase that it duplicates.
    pub original_purchase_id: Option<PurchaseId>,
    pub payment_intent: Option<String>,
}

/// What Stripe told and did not fit: nothing was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MismatchedEvent {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub kind: String,
    /// Stripe's id of what it was about.
    pub object: String,
}

/// A page of them, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedPayments {
    pub payments: Vec<UnmatchedPayment>,
    pub mismatched_events: Vec<MismatchedEvent>,
    /// From 1.
    pub page: u32,
    pub more: bool,
}
