//! Payments without a purchase, and events that do not fit their checkout attempt.

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    pagination::Page,
    payments::UnusablePaymentReason,
    stripe::states::RefundState,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A payment without a purchase: it was refunded automatically.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedPayment {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub email: String,
    /// The name of the product that it was made for.
    pub product: String,
    pub amount: Cents,
    /// The state of its refund.
    pub state: RefundState,
    pub failure: String,
    /// Why it could not become a purchase.
    pub reason: UnusablePaymentReason,
    /// The purchase that it duplicates.
    pub original_purchase_id: Option<PurchaseId>,
    pub payment_intent: Option<String>,
}

/// An event that did not match its checkout, so that nothing was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MismatchedEvent {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub kind: String,
    /// Stripe's id of the event's object.
    pub object: String,
}

/// A page of payments without a purchase, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedPayments {
    pub payments: Page<UnmatchedPayment>,
    pub mismatched_events: Vec<MismatchedEvent>,
    /// From 1.
    pub page: u32,
}
