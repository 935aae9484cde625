//! The outcome of a Stripe event: the status that is stored with it, and what the caller has to do next.
//!
//! Rows have identifiers. The words for people are in [`label`] alone, so that a changed word changes no queue.

use uuid::Uuid;

use crate::payments::UnusablePaymentReason;

/// The status of an event (`stripe_events.status`). `Deferred` and `RefundsToFetch` are queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "stripe_event_status", rename_all = "snake_case")]
pub enum EventStatus {
    /// Stored, and not known to be processed.
    Received,
    /// Applied, which may have changed nothing.
    Processed,
    /// To be applied again after another event of its payment.
    Deferred,
    /// More was refunded than is stored: the payment's refunds have to be fetched.
    RefundsToFetch,
    /// Of a type that changes nothing, or about another program's payment.
    Ignored,
    /// Not applied: an error that an admin has to look at.
    Rejected,
}

/// The outcome of applying an event. The texts are identifiers, stored as `stripe_events.detail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The event was delivered before.
    Repeated,
    /// Something changed.
    Changed(&'static str),
    /// The event contains nothing new.
    NoChange(&'static str),
    /// The payment cannot become a purchase and has to be refunded; `refund` is the stored intent, `None` when it was stored before.
    UnusablePayment { reason: UnusablePaymentReason, refund: Option<Uuid>, payment_intent: String },
    /// About a payment that is not known here, or not yet; or a refund that exceeds the payment until another one has failed.
    Deferred,
    /// More was refunded than is stored, and the event does not contain the refunds.
    RefundsToFetch { payment_intent: String },
    /// Of a type that changes nothing, or not about a checkout of this program.
    Ignored(&'static str),
    /// The event cannot be applied: an error that an admin has to look at.
    Rejected(&'static str),
}

impl Outcome {
    pub const ACCESS_GRANTED: Self = Self::Changed("access_granted");
    pub const PAYMENT_PENDING: Self = Self::Changed("payment_pending");
    pub const PAYMENT_FAILED: Self = Self::Changed("payment_failed");
    pub const CHECKOUT_EXPIRED: Self = Self::Changed("checkout_expired");
    pub const REFUND_PENDING: Self = Self::Changed("refund_pending");
    pub const REFUNDED: Self = Self::Changed("refunded");
    pub const REFUND_FAILED: Self = Self::Changed("refund_failed");
    pub const DISPUTE_OPENED: Self = Self::Changed("dispute_opened");
    pub const DISPUTE_WON: Self = Self::Changed("dispute_won");
    pub const DISPUTE_LOST: Self = Self::Changed("dispute_lost");
    pub const NO_CHANGE: Self = Self::NoChange("no_change");
    /// The session was granted before, by another event.
    pub const ALREADY_GRANTED: Self = Self::NoChange("already_granted");
    pub const UNHANDLED_TYPE: Self = Self::Ignored("unhandled_type");
    pub const NOT_OURS: Self = Self::Ignored("not_ours");
    /// Of a type that we act on, but of an unknown shape.
    pub const UNREADABLE: Self = Self::Rejected("unreadable");
    /// Amount, currency or session are not those of the attempt. Nothing is granted.
    pub const MISMATCH: Self = Self::Rejected("mismatch");

    /// The status that is stored.
    pub const fn status(&self) -> EventStatus {
        match self {
            Self::Repeated | Self::Changed(_) | Self::NoChange(_) | Self::UnusablePayment { .. } => {
                EventStatus::Processed
            }
            Self::Deferred => EventStatus::Deferred,
            Self::RefundsToFetch { .. } => EventStatus::RefundsToFetch,
            Self::Ignored(_) => EventStatus::Ignored,
            Self::Rejected(_) => EventStatus::Rejected,
        }
    }

    /// The identifier that is stored beside the status.
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Changed(detail) | Self::NoChange(detail) | Self::Ignored(detail) | Self::Rejected(detail) => detail,
            Self::UnusablePayment { reason: UnusablePaymentReason::Duplicate, .. } => "duplicate_payment",
            Self::UnusablePayment { reason: UnusablePaymentReason::AccountDeleted, .. } => "deleted_account_payment",
            Self::Deferred => "awaits_related_event",
            Self::RefundsToFetch { .. } => "refunds_not_included",
        }
    }

    /// Whether rows were changed.
    pub const fn changes(&self) -> bool {
        matches!(self, Self::Changed(_) | Self::UnusablePayment { refund: Some(_), .. })
    }
}

/// Returns the words for a stored detail, for a sale's timeline and the report of a reconciliation. Text that an older version stored
/// is returned as it is.
pub fn label(detail: &str) -> &str {
    match detail {
        "received" => "received",
        "repeated" => "delivered before",
        "access_granted" => "access granted",
        "already_granted" => "access already granted",
        "payment_pending" => "payment pending",
        "payment_failed" => "payment failed",
        "checkout_expired" => "checkout expired",
        "refund_pending" => "refund pending",
        "refunded" => "refunded",
        "refund_failed" => "refund failed",
        "refunds_not_included" => "refunds to fetch",
        "refunds_fetched" => "refunds fetched",
        "dispute_opened" => "dispute opened",
        "dispute_won" => "dispute won",
        "dispute_lost" => "dispute lost",
        "no_change" => "nothing new",
        "duplicate_payment" => "duplicate payment",
        "deleted_account_payment" => "payment for a deleted account",
        "awaits_related_event" => "waiting for a related event",
        "unhandled_type" => "ignored",
        "not_ours" => "not from this school",
        "unreadable" => "unknown format",
        "mismatch" => "does not match its checkout",
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detail_is_an_identifier_with_a_label() {
        let unusable = |reason| Outcome::UnusablePayment { reason, refund: None, payment_intent: String::new() };
        let outcomes = [
            Outcome::Repeated,
            Outcome::ACCESS_GRANTED,
            Outcome::PAYMENT_PENDING,
            Outcome::PAYMENT_FAILED,
            Outcome::CHECKOUT_EXPIRED,
            Outcome::REFUND_PENDING,
            Outcome::REFUNDED,
            Outcome::REFUND_FAILED,
            Outcome::DISPUTE_OPENED,
            Outcome::DISPUTE_WON,
            Outcome::DISPUTE_LOST,
            Outcome::NO_CHANGE,
            Outcome::ALREADY_GRANTED,
            Outcome::UNHANDLED_TYPE,
            Outcome::NOT_OURS,
            Outcome::UNREADABLE,
            Outcome::MISMATCH,
            unusable(UnusablePaymentReason::Duplicate),
            unusable(UnusablePaymentReason::AccountDeleted),
            Outcome::Deferred,
            Outcome::RefundsToFetch { payment_intent: String::new() },
        ];
        for outcome in outcomes {
            let detail = outcome.detail();
            assert!(detail.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{detail}");
            assert!(!label(detail).contains('_'), "{detail} has a label");
        }
        assert_eq!(label("granted by hand"), "granted by hand", "an older version's text");
    }
}
