//! Payment intents: the payment of one checkout session, through all attempts.
//!
//! The object is <https://docs.stripe.com/api/payment_intents/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{form_encoding::form::Metadata, table::Row};

/// The statuses of a payment intent that occur with hosted checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentIntentStatus {
    RequiresPaymentMethod,
    Processing,
    Succeeded,
    Canceled,
}

/// The payment of one checkout session, through all attempts.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaymentIntent {
    pub id: String,
    pub created: i64,
    pub client_secret: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub status: PaymentIntentStatus,
    pub canceled_at: Option<i64>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub metadata: Metadata,
    pub payment_method_types: Vec<String>,
    /// The code and the message of the last attempt's failure.
    pub failure: Option<(String, String)>,
    pub latest_charge: Option<String>,
    /// The checkout session that the intent belongs to. Not in Stripe's object.
    pub session: String,
}

impl Row for PaymentIntent {
    const RESOURCE: &'static str = "payment_intent";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl PaymentIntent {
    /// Renders Stripe's payment intent object.
    pub fn json(&self) -> Value {
        let succeeded = self.status == PaymentIntentStatus::Succeeded;
        let failure = self.failure.as_ref().map(|(code, message)| {
            json!({
                "type": "card_error", "code": code, "decline_code": "generic_decline", "message": message,
                "doc_url": format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")),
            })
        });
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount, "amount_capturable": 0,
            "amount_details": { "tip": {} }, "amount_received": if succeeded { self.amount } else { 0 },
            "application": null, "application_fee_amount": null, "automatic_payment_methods": null,
            "canceled_at": self.canceled_at, "cancellation_reason": self.canceled_at.map(|_| "automatic"),
            "capture_method": "automatic_async", "client_secret": self.client_secret, "confirmation_method": "automatic",
            "created": self.created, "currency": self.currency, "customer": null, "description": self.description,
            "last_payment_error": failure, "latest_charge": self.latest_charge, "livemode": false,
            "metadata": self.metadata, "next_action": null, "on_behalf_of": null, "payment_method": null,
            "payment_method_configuration_details": null, "payment_method_options": {},
            "payment_method_types": self.payment_method_types, "processing": null,
            "receipt_email": self.receipt_email, "review": null, "setup_future_usage": null, "shipping": null,
            "source": null, "statement_descriptor": null,
            "statement_descriptor_suffix": self.statement_descriptor_suffix, "status": self.status,
            "transfer_data": null, "transfer_group": null,
        })
    }
}
