//! Checkout sessions: one visit to the hosted payment page, open until it is completed or expires.
//!
//! The object is <https://docs.stripe.com/api/checkout/sessions/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    form_encoding::form::Metadata,
    model::{customer_details::CustomerDetails, product::LineItem},
    table::Row,
};

/// The status of a checkout session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    Open,
    Complete,
    Expired,
}

impl SessionStatus {
    /// Returns the name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

/// The status of a checkout session's payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Unpaid,
    Paid,
    NoPaymentRequired,
}

/// The parameters that a session passes on to its payment intent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PaymentIntentData {
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub metadata: Metadata,
}

/// One visit to the hosted payment page.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckoutSession {
    pub id: String,
    pub created: i64,
    pub expires_at: i64,
    pub status: SessionStatus,
    pub payment_status: PaymentStatus,
    #[serde(rename = "items")]
    pub line_items: Vec<LineItem>,
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub client_reference_id: Option<String>,
    pub customer_email: Option<String>,
    pub customer: Option<CustomerDetails>,
    pub metadata: Metadata,
    pub payment_method_types: Vec<String>,
    pub payment_intent_data: PaymentIntentData,
    /// The payment intent, created by the first attempt to pay. The API shows it once the session is complete.
    pub payment_intent: Option<String>,
    /// Parameters without an effect in the sandbox that the object repeats, such as `locale` and `submit_type`.
    #[serde(rename = "repeated")]
    pub echoed_params: serde_json::Map<String, Value>,
    /// The URL of the payment page.
    #[serde(rename = "page")]
    pub url: String,
}

impl Row for CheckoutSession {
    const RESOURCE: &'static str = "checkout.session";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl CheckoutSession {
    /// Whether an open session has reached its expiry.
    pub fn is_overdue(&self, now: i64) -> bool {
        self.status == SessionStatus::Open && self.expires_at <= now
    }

    /// Returns the names of the products, for pages.
    pub fn title(&self) -> String {
        self.line_items.iter().map(|item| item.description.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Returns the URL that the buyer returns to after paying: <https://docs.stripe.com/payments/checkout/custom-success-page>.
    pub fn return_url(&self) -> String {
        self.success_url.replace("{CHECKOUT_SESSION_ID}", &self.id)
    }

    /// Renders Stripe's checkout session object, without its line items.
    pub fn json(&self) -> Value {
        let open = self.status == SessionStatus::Open;
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
            "ui_mode": "hosted_page", "url": open.then_some(&self.url), "wallet_options": null,
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
            object.extend(self.echoed_params.clone());
        }
        object
    }
}
