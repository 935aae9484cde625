//! Test cards of the payment page: those of Stripe's that cause a refund to fail or a dispute to open.
//!
//! See <https://docs.stripe.com/testing#refunds> and <https://docs.stripe.com/testing#disputes>.

use serde::{Deserialize, Serialize};

/// A test card, named by its effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestCard {
    #[default]
    Plain,
    /// Refunds stay pending for a few seconds.
    RefundsLater,
    /// Refunds succeed, and fail a few seconds later.
    RefundsFail,
    /// The charge succeeds and is immediately disputed as fraudulent.
    Fraudulent,
    /// The charge succeeds and is immediately disputed as not received.
    NotReceived,
}

impl TestCard {
    pub const ALL: [Self; 5] =
        [Self::Plain, Self::RefundsLater, Self::RefundsFail, Self::Fraudulent, Self::NotReceived];

    /// Returns the name in forms and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::RefundsLater => "refunds_later",
            Self::RefundsFail => "refunds_fail",
            Self::Fraudulent => "fraudulent",
            Self::NotReceived => "not_received",
        }
    }

    /// Returns the last four digits of Stripe's card number.
    pub const fn last4(self) -> &'static str {
        match self {
            Self::Plain => "4242",
            Self::RefundsLater => "7726",
            Self::RefundsFail => "5126",
            Self::Fraudulent => "0259",
            Self::NotReceived => "2685",
        }
    }

    /// Returns the label on the payment page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Plain => "Payment succeeds",
            Self::RefundsLater => "Refunds stay pending for a few seconds",
            Self::RefundsFail => "Refunds fail after a few seconds",
            Self::Fraudulent => "Disputed immediately as fraudulent",
            Self::NotReceived => "Disputed immediately as not received",
        }
    }

    /// Returns the behavior of refunds to this card.
    pub const fn refund_behavior(self) -> RefundBehavior {
        match self {
            Self::RefundsLater => RefundBehavior::Delayed,
            Self::RefundsFail => RefundBehavior::FailsLater,
            _ => RefundBehavior::Immediate,
        }
    }

    /// Returns the reason of the dispute that a charge to this card opens, if it opens one.
    pub const fn dispute_reason(self) -> Option<&'static str> {
        match self {
            Self::Fraudulent => Some("fraudulent"),
            Self::NotReceived => Some("product_not_received"),
            _ => None,
        }
    }
}

/// How the refunds of a charge proceed. The card decides at first; the dashboard can change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundBehavior {
    #[default]
    #[serde(rename = "at_once")]
    Immediate,
    /// Pending, then succeeded a few seconds later.
    #[serde(rename = "later")]
    Delayed,
    /// Succeeded, then failed a few seconds later.
    #[serde(rename = "fails")]
    FailsLater,
    /// Pending until the dashboard or a program decides.
    #[serde(rename = "held")]
    Manual,
}

impl RefundBehavior {
    pub const ALL: [Self; 4] = [Self::Immediate, Self::Delayed, Self::FailsLater, Self::Manual];

    /// Returns the name in forms and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Immediate => "at_once",
            Self::Delayed => "later",
            Self::FailsLater => "fails",
            Self::Manual => "held",
        }
    }

    /// Returns the label on the dashboard.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Immediate => "Succeed immediately",
            Self::Delayed => "Succeed after a few seconds",
            Self::FailsLater => "Fail after a few seconds",
            Self::Manual => "Stay pending until decided here",
        }
    }
}
