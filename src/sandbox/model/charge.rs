//! Charges: one attempt to take money, and how much of it has been refunded.
//!
//! The object is <https://docs.stripe.com/api/charges/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    form_encoding::form::Metadata,
    model::{customer_details::CustomerDetails, test_card::RefundBehavior},
    table::Row,
};

/// The status of a charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeStatus {
    /// The bank has not confirmed the payment yet.
    Pending,
    #[default]
    Succeeded,
    Failed,
}

/// The payment method that was charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    #[default]
    Card,
    /// A debit from a bank account, which takes days. It has no card, and so no card's country.
    #[serde(rename = "bank")]
    BankDebit,
}

/// An attempt to take money, successful or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// In the currency's smallest unit. Pending refunds count.
    pub amount_refunded: i64,
    pub currency: String,
    pub payment_intent: String,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub metadata: Metadata,
    pub customer: CustomerDetails,
    #[serde(default)]
    pub status: ChargeStatus,
    #[serde(default)]
    pub method: PaymentMethod,
    /// The code and the message of the failure.
    #[serde(default)]
    pub failure: Option<(String, String)>,
    #[serde(default, rename = "course")]
    pub refund_behavior: RefundBehavior,
    #[serde(default)]
    pub dispute: Option<String>,
    #[serde(default)]
    pub receipt_url: Option<String>,
}

impl Row for Charge {
    const RESOURCE: &'static str = "charge";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Charge {
    /// Returns the amount that can still be refunded, in the currency's smallest unit.
    pub const fn refundable_amount(&self) -> i64 {
        self.amount - self.amount_refunded
    }

    fn payment_method_details(&self) -> Value {
        match self.method {
            PaymentMethod::Card => json!({ "type": "card", "card": {
                "brand": "visa", "country": self.customer.country, "exp_month": 12, "exp_year": 2040, "fingerprint": null,
                "funding": "credit", "installments": null, "last4": self.customer.card.last4(), "mandate": null,
                "network": "visa", "three_d_secure": null, "wallet": null,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            } }),
            PaymentMethod::BankDebit => json!({ "type": "us_bank_account", "us_bank_account": {
                "account_holder_type": "individual", "account_type": "checking", "bank_name": "SANDBOX BANK",
                "fingerprint": null, "last4": "6789", "mandate": null, "payment_reference": null,
                "routing_number": "110000000",
            } }),
        }
    }

    fn outcome(&self) -> Value {
        let (network_status, reason, seller_message, kind) = match self.status {
            ChargeStatus::Failed => (
                "declined_by_network",
                Some("generic_decline"),
                "The bank did not return any further details with this decline.",
                "issuer_declined",
            ),
            _ => ("approved_by_network", None, "Payment complete.", "authorized"),
        };
        json!({
            "advice_code": null, "network_advice_code": null, "network_decline_code": null,
            "network_status": network_status, "reason": reason, "risk_level": "normal",
            "seller_message": seller_message, "type": kind,
        })
    }

    /// Renders Stripe's charge object.
    pub fn json(&self) -> Value {
        let (code, message) = self.failure.clone().unzip();
        let failed = self.status == ChargeStatus::Failed;
        let mut object = json!({
            "id": self.id, "object": "charge", "amount": self.amount,
            "amount_captured": if failed { 0 } else { self.amount }, "amount_refunded": self.amount_refunded,
            "application": null, "application_fee": null, "application_fee_amount": null, "balance_transaction": null,
            "billing_details": {
                "address": { "city": null, "country": self.customer.country, "line1": null, "line2": null, "postal_code": null, "state": null },
                "email": self.customer.email, "name": null, "phone": null, "tax_id": null,
            },
            "calculated_statement_descriptor": "SANDBOX", "captured": !failed, "created": self.created,
            "currency": self.currency, "customer": null, "description": self.description, "dispute": self.dispute,
            "disputed": self.dispute.is_some(), "failure_balance_transaction": null, "failure_code": code,
            "failure_message": message, "fraud_details": {}, "livemode": false, "metadata": self.metadata,
            "on_behalf_of": null, "outcome": self.outcome(),
        });
        let rest = json!({
            "paid": self.status == ChargeStatus::Succeeded, "payment_intent": self.payment_intent, "payment_method": null,
            "payment_method_details": self.payment_method_details(), "radar_options": {},
            "receipt_email": self.receipt_email, "receipt_number": null,
            "receipt_url": self.receipt_url.as_ref().filter(|_| !failed), "refunded": self.refundable_amount() == 0,
            "review": null, "shipping": null, "source": null, "source_transfer": null, "statement_descriptor": null,
            "statement_descriptor_suffix": null, "status": self.status, "transfer_data": null, "transfer_group": null,
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        object
    }
}
