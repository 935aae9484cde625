//! Payments: the intent to pay, and the charge that a successful attempt makes.
//!
//! <https://docs.stripe.com/api/payment_intents/object> and <https://docs.stripe.com/api/charges/object>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    api::request::{self, Call},
    form_encoding::form::Metadata,
    model::checkout_session::Customer,
    model::test_card::Course,
    store::Sandbox,
    table::Row,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    RequiresPaymentMethod,
    Processing,
    Succeeded,
    Canceled,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PaymentIntent {
    pub id: String,
    pub created: i64,
    pub client_secret: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub status: IntentStatus,
    pub canceled_at: Option<i64>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub metadata: Metadata,
    pub payment_method_types: Vec<String>,
    /// Why the last attempt failed, as a code and a sentence.
    pub failure: Option<(String, String)>,
    pub latest_charge: Option<String>,
    /// The session that this pays for. Not in Stripe's object.
    pub session: String,
}

impl Row for PaymentIntent {
    const NOUN: &'static str = "payment_intent";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl PaymentIntent {
    pub fn json(&self) -> Value {
        let succeeded = self.status == IntentStatus::Succeeded;
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeStatus {
    /// A bank has been asked, and has not answered.
    Pending,
    #[default]
    Succeeded,
    Failed,
}

/// What was paid with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[default]
    Card,
    /// A debit from a bank account, which takes days. It has no card, and so no card's country.
    Bank,
}

/// Money taken, or not, and how much of it was given back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub amount_refunded: i64,
    pub currency: String,
    pub payment_intent: String,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub metadata: Metadata,
    pub customer: Customer,
    #[serde(default)]
    pub status: ChargeStatus,
    #[serde(default)]
    pub method: Method,
    /// Why it failed, as a code and a sentence.
    #[serde(default)]
    pub failure: Option<(String, String)>,
    /// How its refunds go.
    #[serde(default)]
    pub course: Course,
    #[serde(default)]
    pub dispute: Option<String>,
    #[serde(default)]
    pub receipt_url: Option<String>,
}

impl Row for Charge {
    const NOUN: &'static str = "charge";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Charge {
    /// What can still be given back.
    pub fn left(&self) -> i64 {
        self.amount - self.amount_refunded
    }

    fn details(&self) -> Value {
        match self.method {
            Method::Card => json!({ "type": "card", "card": {
                "brand": "visa", "country": self.customer.country, "exp_month": 12, "exp_year": 2040, "fingerprint": null,
                "funding": "credit", "installments": null, "last4": self.customer.card.last4(), "mandate": null,
                "network": "visa", "three_d_secure": null, "wallet": null,
                "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            } }),
            Method::Bank => json!({ "type": "us_bank_account", "us_bank_account": {
                "account_holder_type": "individual", "account_type": "checking", "bank_name": "SANDBOX BANK",
                "fingerprint": null, "last4": "6789", "mandate": null, "payment_reference": null,
                "routing_number": "110000000",
            } }),
        }
    }

    fn outcome(&self) -> Value {
        let (network, reason, seller, kind) = match self.status {
            ChargeStatus::Failed => (
                "declined_by_network",
                Some("generic_decline"),
                "The bank did not return any further details with this decline.",
                "issuer_declined",
            ),
            _ => ("approved_by_network", None, "Payment complete.", "authorized"),
        };
        json!({
            "advice_code": null, "network_advice_code": null, "network_decline_code": null, "network_status": network,
            "reason": reason, "risk_level": "normal", "seller_message": seller, "type": kind,
        })
    }

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
            "payment_method_details": self.details(), "radar_options": {}, "receipt_email": self.receipt_email,
            "receipt_number": null, "receipt_url": self.receipt_url.as_ref().filter(|_| !failed),
            "refunded": self.left() == 0, "review": null, "shipping": null, "source": null, "source_transfer": null,
            "statement_descriptor": null, "statement_descriptor_suffix": null, "status": self.status,
            "transfer_data": null, "transfer_group": null,
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        object
    }
}

/// `GET /v1/payment_intents/:id`: <https://docs.stripe.com/api/payment_intents/retrieve>.
pub async fn intent(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, mut call| {
        call.form.tolerate(&["client_secret"]);
        call.form.finish()?;
        request::finish(data, data.intents.get(&id, "intent")?.json(), &call.expand)
    })
}

/// `GET /v1/payment_intents`: <https://docs.stripe.com/api/payment_intents/list>.
pub async fn intents(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let page = data.intents.page(&mut form, "/v1/payment_intents", |_| true, PaymentIntent::json)?;
        form.finish()?;
        request::finish(data, page, &expand)
    })
}

/// `GET /v1/charges/:id`: <https://docs.stripe.com/api/charges/retrieve>.
pub async fn charge(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.charges.get(&id, "id")?.json(), &call.expand)
    })
}

/// `GET /v1/charges`: <https://docs.stripe.com/api/charges/list>.
pub async fn charges(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let intent = form.text("payment_intent")?;
        let fits = |charge: &Charge| intent.as_ref().is_none_or(|intent| *intent == charge.payment_intent);
        let page = data.charges.page(&mut form, "/v1/charges", fits, Charge::json)?;
        form.finish()?;
        request::finish(data, page, &expand)
    })
}
