//! Products, their prices, and the line items of a checkout session.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{form_encoding::form::Metadata, table::Row};

/// A product: <https://docs.stripe.com/api/products/object>.
#[derive(Debug, Serialize, Deserialize)]
pub struct Product {
    pub id: String,
    pub created: i64,
    pub name: String,
    pub description: Option<String>,
    pub images: Vec<String>,
    pub metadata: Metadata,
}

/// The price of a product: <https://docs.stripe.com/api/prices/object>.
#[derive(Debug, Serialize, Deserialize)]
pub struct Price {
    pub id: String,
    pub created: i64,
    pub product: String,
    pub currency: String,
    /// In the currency's smallest unit.
    pub unit_amount: i64,
}

/// A quantity of one price: <https://docs.stripe.com/api/checkout/sessions/line_items>.
#[derive(Debug, Serialize, Deserialize)]
pub struct LineItem {
    pub id: String,
    pub price: String,
    /// The product's name when the session was created.
    pub description: String,
    pub quantity: i64,
    /// Quantity times unit amount, in the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
}

impl Row for Product {
    const RESOURCE: &'static str = "product";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Row for Price {
    const RESOURCE: &'static str = "price";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Product {
    /// Renders Stripe's product object.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "product", "active": true, "created": self.created, "updated": self.created,
            "name": self.name, "description": self.description, "images": self.images, "metadata": self.metadata,
            "default_price": null, "livemode": false, "marketing_features": [], "package_dimensions": null,
            "shippable": null, "statement_descriptor": null, "tax_code": null, "type": "service", "unit_label": null,
            "url": null,
        })
    }
}

impl Price {
    /// Renders Stripe's price object.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": self.created,
            "currency": self.currency, "custom_unit_amount": null, "livemode": false, "lookup_key": null,
            "metadata": {}, "nickname": null, "product": self.product, "recurring": null, "tax_behavior": "unspecified",
            "tiers_mode": null, "transform_quantity": null, "type": "one_time", "unit_amount": self.unit_amount,
            "unit_amount_decimal": self.unit_amount.to_string(),
        })
    }
}

impl LineItem {
    /// Renders Stripe's line item object, with its price in full.
    pub fn json(&self, price: Option<&Price>) -> Value {
        json!({
            "id": self.id, "object": "item", "amount_discount": 0, "amount_subtotal": self.amount, "amount_tax": 0,
            "amount_total": self.amount, "currency": self.currency, "description": self.description,
            "price": price.map(Price::json), "quantity": self.quantity,
        })
    }
}
