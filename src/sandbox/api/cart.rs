//! What is bought: products, their prices, and the line items of a session.
//!
//! A session that is given `price_data` makes a product and a price of it, which can be read later; one that is given `price`
//! uses a price made before. See <https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-line_items>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    api::request::{self, Call},
    error::{ApiError, Result},
    form_encoding::form::{Form, Metadata},
    store::{Data, Sandbox, new_id},
    table::Row,
};

/// The currencies that are taken, a part of <https://docs.stripe.com/currencies>.
const CURRENCIES: [&str; 24] = [
    "usd", "aud", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "huf", "inr", "jpy", "krw", "mxn", "nok",
    "nzd", "php", "pln", "ron", "sek", "sgd", "thb", "zar",
];

/// The largest amount, in the currency's smallest unit: <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>.
const MOST: i64 = 99_999_999;

/// Something for sale: <https://docs.stripe.com/api/products/object>.
#[derive(Debug, Serialize, Deserialize)]
pub struct Product {
    id: String,
    created: i64,
    pub name: String,
    pub description: Option<String>,
    images: Vec<String>,
    metadata: Metadata,
}

/// What a product costs, in the currency's smallest unit: <https://docs.stripe.com/api/prices/object>.
#[derive(Debug, Serialize, Deserialize)]
pub struct Price {
    id: String,
    created: i64,
    pub product: String,
    currency: String,
    unit_amount: i64,
}

/// So many of one price: <https://docs.stripe.com/api/checkout/sessions/line_items>.
#[derive(Debug, Serialize, Deserialize)]
pub struct LineItem {
    id: String,
    pub price: String,
    /// The product's name when it was put into the cart.
    pub description: String,
    pub quantity: i64,
    /// Quantity times unit amount, in the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
}

impl Row for Product {
    const NOUN: &'static str = "product";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Row for Price {
    const NOUN: &'static str = "price";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Product {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "product", "active": true, "created": self.created, "updated": self.created,
            "name": self.name, "description": self.description, "images": self.images, "metadata": self.metadata,
            "default_price": null, "livemode": false, "marketing_features": [], "package_dimensions": null,
            "shippable": null, "statement_descriptor": null, "tax_code": null, "type": "service", "unit_label": null,
            "url": null,
        })
    }

    fn parse(form: &mut Form, now: i64) -> Result<Self> {
        let name = form.need("name")?;
        let images = form.texts("images")?;
        if let Some(place) = images.iter().position(|image| reqwest::Url::parse(image).is_err()) {
            let param = form.name(&format!("images][{place}"));
            return Err(ApiError::invalid("Not a valid URL").code("url_invalid").param(param));
        }
        if images.len() > 8 {
            return Err(ApiError::invalid("Products can have up to 8 images").param(form.name("images")));
        }
        form.tolerate(&["tax_code", "unit_label"]);
        let description = form.text("description")?;
        Ok(Self { id: new_id("prod_"), created: now, name, description, images, metadata: form.metadata()? })
    }
}

impl Price {
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
    pub fn json(&self, data: &Data) -> Value {
        json!({
            "id": self.id, "object": "item", "amount_discount": 0, "amount_subtotal": self.amount, "amount_tax": 0,
            "amount_total": self.amount, "currency": self.currency, "description": self.description,
            "price": data.prices.find(&self.price).map(Price::json), "quantity": self.quantity,
        })
    }
}

/// What a request puts into the cart. Nothing is kept of it unless the whole request is good.
pub struct Cart {
    pub items: Vec<LineItem>,
    pub currency: String,
    /// In the currency's smallest unit.
    pub total: i64,
    products: Vec<Product>,
    prices: Vec<Price>,
}

impl Cart {
    /// Takes `line_items` from a form.
    ///
    /// # Errors
    /// 400 for an item that cannot be sold: no price, no quantity, mixed currencies, a total below 50 cents that is not 0.
    pub fn take(form: &mut Form, data: &Data, now: i64) -> Result<Self> {
        let (mut cart, path) = (
            Self { items: Vec::new(), currency: String::new(), total: 0, products: Vec::new(), prices: Vec::new() },
            "line_items",
        );
        for mut item in form.forms(path)? {
            cart.add(&mut item, data, now)?;
            item.tolerate(&["adjustable_quantity", "tax_rates", "dynamic_tax_rates"]);
            item.finish()?;
        }
        if cart.items.is_empty() {
            return Err(ApiError::missing(path));
        }
        if cart.total > MOST {
            let message = "The Checkout Session's total amount due must be no more than $999,999.99.";
            return Err(ApiError::invalid(message).code("amount_too_large").param(path));
        }
        if cart.currency == "usd" && (1..50).contains(&cart.total) {
            let message = "The Checkout Session's total amount due must add up to at least $0.50 usd";
            return Err(ApiError::invalid(message).code("amount_too_small").param(path));
        }
        Ok(cart)
    }

    fn add(&mut self, item: &mut Form, data: &Data, now: i64) -> Result<()> {
        let (currency, unit, price, description) = match (item.form("price_data")?, item.text("price")?) {
            (Some(mut price), None) => self.make_price(&mut price, data, now)?,
            (None, Some(id)) => {
                let price = data.prices.get(&id, &item.name("price"))?;
                let product = data.products.get(&price.product, "product")?;
                (price.currency.clone(), price.unit_amount, id, product.name.clone())
            }
            (None, None) => return Err(ApiError::missing(item.name("price"))),
            (Some(_), Some(_)) => {
                let message = "You may only specify one of these parameters: price, price_data.";
                return Err(ApiError::invalid(message).param(item.name("price")));
            }
        };
        let quantity = item.number("quantity", 1)?.ok_or_else(|| ApiError::missing(item.name("quantity")))?;
        if self.items.first().is_some_and(|first| first.currency != currency) {
            let message = "All line items must have the same currency";
            return Err(ApiError::invalid(message).param(item.name("price_data")));
        }
        let amount = unit.saturating_mul(quantity);
        self.total = self.total.saturating_add(amount);
        self.currency.clone_from(&currency);
        self.items.push(LineItem { id: new_id("li_"), price, description, quantity, amount, currency });
        Ok(())
    }

    /// Currency, unit amount, price id and product name of `price_data`.
    fn make_price(&mut self, form: &mut Form, data: &Data, now: i64) -> Result<(String, i64, String, String)> {
        let currency = form.need("currency")?.to_ascii_lowercase();
        if !CURRENCIES.contains(&currency.as_str()) {
            let message =
                format!("Invalid currency: {currency}. The sandbox supports these: {}", CURRENCIES.join(", "));
            return Err(ApiError::invalid(message).param(form.name("currency")));
        }
        let unit = match form.number("unit_amount", 0)? {
            Some(unit) => unit,
            None => {
                form.number("unit_amount_decimal", 0)?.ok_or_else(|| ApiError::missing(form.name("unit_amount")))?
            }
        };
        let (product, name) = match (form.form("product_data")?, form.text("product")?) {
            (Some(mut details), None) => {
                let product = Product::parse(&mut details, now)?;
                details.finish()?;
                let named = (product.id.clone(), product.name.clone());
                self.products.push(product);
                named
            }
            (None, Some(id)) => {
                let name = data.products.get(&id, &form.name("product"))?.name.clone();
                (id, name)
            }
            _ => return Err(ApiError::missing(form.name("product_data"))),
        };
        form.tolerate(&["tax_behavior"]);
        form.clone().finish()?;
        let price = Price { id: new_id("price_"), created: now, product, currency, unit_amount: unit };
        let made = (price.currency.clone(), unit, price.id.clone(), name);
        self.prices.push(price);
        Ok(made)
    }

    /// Keeps the products and prices that were made, and gives the items.
    pub fn keep(self, data: &mut Data) -> Vec<LineItem> {
        self.products.into_iter().for_each(|product| data.products.insert(product));
        self.prices.into_iter().for_each(|price| data.prices.insert(price));
        self.items
    }
}

/// `GET /v1/products/:id`: <https://docs.stripe.com/api/products/retrieve>.
pub async fn product(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.products.get(&id, "id")?.json(), &call.expand)
    })
}

/// `GET /v1/prices/:id`: <https://docs.stripe.com/api/prices/retrieve>.
pub async fn price(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.prices.get(&id, "price")?.json(), &call.expand)
    })
}
