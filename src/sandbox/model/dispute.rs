//! Disputes: a buyer reclaims a payment through the bank, which withdraws the money and decides later.
//!
//! The object is <https://docs.stripe.com/api/disputes/object>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sandbox::{form_encoding::form::Metadata, table::Row};

/// How long the shop has to submit evidence, in seconds.
const RESPONSE_DEADLINE_SECONDS: i64 = 9 * 24 * 60 * 60;

/// The reasons of a dispute, each with the card network's code:
/// <https://docs.stripe.com/api/disputes/object#dispute_object-reason>.
pub const DISPUTE_REASONS: [(&str, &str); 8] = [
    ("fraudulent", "10.4"),
    ("product_not_received", "13.1"),
    ("product_unacceptable", "13.3"),
    ("subscription_canceled", "13.2"),
    ("credit_not_processed", "13.6"),
    ("duplicate", "12.6.1"),
    ("unrecognized", "10.4"),
    ("general", "13.5"),
];

/// The fields of evidence that are texts: <https://docs.stripe.com/api/disputes/evidence_object>.
pub const EVIDENCE_FIELDS: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// The status of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

/// A dispute of one charge.
#[derive(Debug, Serialize, Deserialize)]
pub struct Dispute {
    pub id: String,
    pub created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub reason: String,
    pub status: DisputeStatus,
    pub evidence: BTreeMap<String, String>,
    #[serde(rename = "submissions")]
    pub submission_count: u32,
    pub metadata: Metadata,
}

impl Row for Dispute {
    const RESOURCE: &'static str = "dispute";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Dispute {
    /// Whether the bank has not decided yet.
    pub const fn is_open(&self) -> bool {
        matches!(self.status, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview)
    }

    /// Whether the charge can be refunded: only a won dispute returns the money to the shop.
    pub const fn is_refundable(&self) -> bool {
        matches!(self.status, DisputeStatus::Won)
    }

    /// Renders Stripe's dispute object.
    pub fn json(&self) -> Value {
        let mut evidence: Map<_, _> = EVIDENCE_FIELDS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        evidence.extend(self.evidence.iter().map(|(name, text)| (name.clone(), json!(text))));
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        let network = DISPUTE_REASONS.iter().find(|(reason, _)| *reason == self.reason).map(|(_, code)| *code);
        json!({
            "id": self.id, "object": "dispute", "amount": self.amount, "balance_transactions": [], "charge": self.charge,
            "created": self.created, "currency": self.currency, "enhanced_eligibility_types": [], "evidence": evidence,
            "evidence_details": {
                "due_by": self.is_open().then_some(self.created + RESPONSE_DEADLINE_SECONDS), "enhanced_eligibility": {},
                "has_evidence": !self.evidence.is_empty(), "past_due": false, "submission_count": self.submission_count,
            },
            "is_charge_refundable": self.is_refundable(), "livemode": false, "metadata": self.metadata,
            "network_reason_code": network, "payment_intent": self.payment_intent,
            "payment_method_details": { "type": "card", "card": {
                "brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": network,
            } },
            "reason": self.reason, "status": self.status,
        })
    }
}
