//! Refunds: money returned to the buyer, in whole or in part.
//!
//! The object is <https://docs.stripe.com/api/refunds/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{form_encoding::form::Metadata, table::Row};

/// The status of a refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    Pending,
    #[default]
    Succeeded,
    Failed,
}

/// A refund of one charge, in whole or in part.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    pub created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub reason: Option<String>,
    pub metadata: Metadata,
    #[serde(default)]
    pub status: RefundStatus,
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// When the status changes without further action: a pending refund succeeds then, and a succeeded one fails.
    #[serde(default, rename = "due")]
    pub status_change_due: Option<i64>,
}

impl Row for Refund {
    const RESOURCE: &'static str = "refund";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Refund {
    /// Whether the time of its next status change has come.
    pub fn is_due(&self, now: i64) -> bool {
        self.status_change_due.is_some_and(|due| due <= now)
    }

    /// Renders Stripe's refund object.
    pub fn json(&self) -> Value {
        let mut object = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "balance_transaction": null, "charge": self.charge,
            "created": self.created, "currency": self.currency,
            "destination_details": { "type": "card", "card": {
                "reference": null, "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
            } },
            "metadata": self.metadata, "payment_intent": self.payment_intent, "reason": self.reason,
            "receipt_number": null, "source_transfer_reversal": null, "status": self.status, "transfer_reversal": null,
        });
        // Stripe leaves these fields out where they do not apply.
        if let Some(reason) = &self.failure_reason {
            object["failure_reason"] = json!(reason);
            object["failure_balance_transaction"] = Value::Null;
        }
        if self.status == RefundStatus::Pending {
            object["pending_reason"] = json!("processing");
        }
        object
    }
}
