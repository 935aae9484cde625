//! States of refunds and disputes.

use serde::{Deserialize, Serialize};

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
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pending => "under way",
            Self::Succeeded => "sent back",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
        }
    }

    /// Whether the amount is gone or on its way.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Succeeded)
    }
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "dispute_state", rename_all = "lowercase"))]
pub enum DisputeState {
    Open,
    /// The money stays.
    Won,
    Lost,
}
