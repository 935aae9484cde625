//! States of refunds and disputes, as they are stored.

use serde::{Deserialize, Serialize};

/// The state of a refund, or of a chargeback, which is a row of `refunds` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "refund_state", rename_all = "lowercase"))]
pub enum RefundState {
    Pending,
    Succeeded,
    Failed,
    /// Of a chargeback: the bank returned the money, or it was refunded separately.
    Reversed,
}

impl RefundState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "completed",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
        }
    }

    /// Whether the amount was returned to the buyer, or is being returned.
    pub const fn is_pending_or_succeeded(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded)
    }
}

/// The state of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "dispute_state", rename_all = "lowercase"))]
pub enum DisputeState {
    Open,
    /// The school keeps the payment.
    Won,
    /// The bank withdrew the payment.
    Lost,
}
