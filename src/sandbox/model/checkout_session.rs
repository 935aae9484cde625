//! Checkout sessions: one visit to the payment page, open for a while, then complete or expired.
//!
//! The object is <https://docs.stripe.com/api/checkout/sessions/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    api::cart::LineItem,
    api::request::Call,
    error::{ApiError, Result},
    form_encoding::form::Metadata,
    model::test_card::Card,
    store::Data,
    table::Row,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Complete,
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Unpaid,
    Paid,
    NoPaymentRequired,
}

/// What is passed on to the payment that the session makes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PaymentIntentData {
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub metadata: Metadata,
}

/// Who paid, as the payment page learned it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    pub email: String,
    /// Two letters, ISO 3166-1: where the card is from.
    pub country: String,
    #[serde(default)]
    pub card: Card,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub created: i64,
    pub expires_at: i64,
    pub status: Status,
    pub payment_status: PaymentStatus,
    pub items: Vec<LineItem>,
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub client_reference_id: Option<String>,
    pub customer_email: Option<String>,
    pub customer: Option<Customer>,
    pub metadata: Metadata,
    pub payment_method_types: Vec<String>,
    pub payment_intent_data: PaymentIntentData,
    /// The attempt to pay, from the first press of a button on; callers see it once the session is complete.
    pub payment_intent: Option<String>,
    /// Parameters that the sandbox only repeats: `locale`, `submit_type` and the like.
    pub repeated: serde_json::Map<String, Value>,
    /// The payment page.
    pub page: String,
}

impl Row for Session {
    const NOUN: &'static str = "checkout.session";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Session {
    pub fn is_overdue(&self, now: i64) -> bool {
        self.status == Status::Open && self.expires_at <= now
    }

    /// The products' names, for people.
    pub fn title(&self) -> String {
        self.items.iter().map(|item| item.description.as_str()).collect::<Vec<_>>().join(", ")
    }

    pub fn json(&self) -> Value {
        let open = self.status == Status::Open;
        let intent = self.payment_intent.as_ref().filter(|_| !open);
        let customer = self.customer.as_ref().map(|customer| {
            json!({
                "address": { "city": null, "country": customer.country, "line1": null, "line2": null, "postal_code": null, "state": null },
                "email": customer.email, "name": null, "phone": null, "tax_exempt": "none", "tax_ids": [],
            })
        });
        let prefilled = self.customer_email.as_ref().map(|email| {
            json!({ "address": null, "email": email, "name": null, "phone": null, "tax_exempt": "none", "tax_ids": null })
        });
        let mut object = json!({
            "id": self.id, "object": "checkout.session", "adaptive_pricing": { "enabled": false }, "after_expiration": null,
            "allow_promotion_codes": null, "amount_subtotal": self.amount, "amount_total": self.amount,
            "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
            "billing_address_collection": null, "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id, "client_secret": null, "collected_information": null,
            "consent": null, "consent_collection": null, "created": self.created, "currency": self.currency,
            "currency_conversion": null, "custom_fields": [],
        });
        let rest = json!({
            "custom_text": { "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null },
            "customer": null, "customer_creation": "if_required", "customer_details": customer.or(prefilled),
            "customer_email": self.customer_email, "discounts": [], "expires_at": self.expires_at, "invoice": null,
            "invoice_creation": { "enabled": false, "invoice_data": {
                "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null, "issuer": null,
                "metadata": {}, "rendering_options": null,
            } },
            "livemode": false, "locale": null, "metadata": self.metadata, "mode": "payment", "origin_context": null,
            "payment_intent": intent, "payment_link": null, "payment_method_collection": "if_required",
            "payment_method_configuration_details": null, "payment_method_options": {},
            "payment_method_types": self.payment_method_types, "payment_status": self.payment_status,
            "permissions": null, "phone_number_collection": { "enabled": false }, "recovered_from": null,
            "saved_payment_method_options": null, "setup_intent": null, "shipping_address_collection": null,
            "shipping_cost": null, "shipping_options": [], "status": self.status, "submit_type": null,
            "subscription": null, "success_url": self.success_url,
            "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
            "ui_mode": "hosted_page", "url": open.then_some(&self.page), "wallet_options": null,
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
            object.extend(self.repeated.clone());
        }
        object
    }

    pub fn line_items_list(&self, data: &Data) -> Value {
        let items: Vec<_> = self.items.iter().map(|item| item.json(data)).collect();
        let url = format!("/v1/checkout/sessions/{}/line_items", self.id);
        json!({ "object": "list", "data": items, "has_more": false, "url": url })
    }
}

impl Data {
    pub fn has_overdue(&self, now: i64) -> bool {
        self.sessions.rows().iter().any(|session| session.is_overdue(now))
    }

    /// Expires every open session whose time is over.
    pub fn expire_overdue(&mut self, now: i64) {
        let overdue: Vec<_> = self
            .sessions
            .rows()
            .iter()
            .filter(|session| session.is_overdue(now))
            .map(|session| session.id.clone())
            .collect();
        for id in overdue {
            if let Err(error) = self.expire(&id, now, None) {
                tracing::error!(session = id, "Session {id} is overdue but was not expired: {}.", error.message);
            }
        }
    }

    /// Ends an open session: its page takes no payment any more.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open.
    pub fn expire(&mut self, id: &str, now: i64, call: Option<&Call>) -> Result<()> {
        let session = self.sessions.get_mut(id, "session")?;
        if session.status != Status::Open {
            let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
            return Err(ApiError::invalid(message).remembered());
        }
        session.status = Status::Expired;
        if let Some(intent) = session.payment_intent.clone() {
            self.cancel_intent(&intent, now)?;
        }
        self.announce_session(id, "checkout.session.expired", now, call)
    }

    /// Sends an event about a session.
    ///
    /// # Errors
    /// 404 for an unknown session.
    pub fn announce_session(&mut self, id: &str, kind: &str, now: i64, call: Option<&Call>) -> Result<()> {
        let object = self.sessions.get(id, "session")?.json();
        self.announce(kind, object, id, now, call);
        Ok(())
    }
}
