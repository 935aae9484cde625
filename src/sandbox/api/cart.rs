//! The `line_items` parameter of a new checkout session, with the products and prices that it creates.
//!
//! An item with `price_data` creates a price, and a product unless it names one; an item with `price` uses an existing one.
//! See <https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-line_items>.

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Form,
    ids::new_id,
    model::product::{LineItem, Price, Product},
};

/// The supported currencies, some of <https://docs.stripe.com/currencies>.
const CURRENCIES: [&str; 24] = [
    "usd", "aud", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "huf", "inr", "jpy", "krw", "mxn", "nok",
    "nzd", "php", "pln", "ron", "sek", "sgd", "thb", "zar",
];

/// The largest total, in the currency's smallest unit: <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>.
const MAX_TOTAL: i64 = 99_999_999;

/// The smallest total in US dollars that is not zero, in cents.
const MIN_TOTAL_USD_CENTS: i64 = 50;

/// The most images of a product.
const MAX_IMAGES: usize = 8;

/// The parsed line items. Their products and prices are inserted only once the whole request is valid.
pub struct Cart {
    pub items: Vec<LineItem>,
    pub currency: String,
    /// In the currency's smallest unit.
    pub total: i64,
    products: Vec<Product>,
    prices: Vec<Price>,
}

impl Cart {
    /// Parses `line_items`.
    ///
    /// # Errors
    /// 400 for an item without price or quantity, for mixed currencies, and for a total that is too large or too small.
    pub fn parse(form: &mut Form, data: &Data, now: i64) -> Result<Self> {
        let path = "line_items";
        let mut cart =
            Self { items: Vec::new(), currency: String::new(), total: 0, products: Vec::new(), prices: Vec::new() };
        for mut item in form.forms(path)? {
            cart.add(&mut item, data, now)?;
            item.tolerate(&["adjustable_quantity", "tax_rates", "dynamic_tax_rates"]);
            item.finish()?;
        }
        if cart.items.is_empty() {
            return Err(ApiError::missing(path));
        }
        if cart.total > MAX_TOTAL {
            let message = "The Checkout Session's total amount due must be no more than $999,999.99.";
            return Err(ApiError::invalid(message).code("amount_too_large").param(path));
        }
        if cart.currency == "usd" && (1..MIN_TOTAL_USD_CENTS).contains(&cart.total) {
            let message = "The Checkout Session's total amount due must add up to at least $0.50 usd";
            return Err(ApiError::invalid(message).code("amount_too_small").param(path));
        }
        Ok(cart)
    }

    fn add(&mut self, item: &mut Form, data: &Data, now: i64) -> Result<()> {
        let (currency, unit, price, description) = match (item.form("price_data")?, item.text("price")?) {
            (Some(mut price), None) => self.create_price(&mut price, data, now)?,
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

    /// Creates the price that `price_data` describes, and returns its currency, unit amount, id and product name.
    fn create_price(&mut self, form: &mut Form, data: &Data, now: i64) -> Result<(String, i64, String, String)> {
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
                let product = parse_product(&mut details, now)?;
                details.finish()?;
                let id_and_name = (product.id.clone(), product.name.clone());
                self.products.push(product);
                id_and_name
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
        let result = (price.currency.clone(), unit, price.id.clone(), name);
        self.prices.push(price);
        Ok(result)
    }

    /// Inserts the new products and prices, and returns the line items.
    pub fn insert_into(self, data: &mut Data) -> Vec<LineItem> {
        self.products.into_iter().for_each(|product| data.products.insert(product));
        self.prices.into_iter().for_each(|price| data.prices.insert(price));
        self.items
    }
}

/// Parses the `product_data` of an item.
fn parse_product(form: &mut Form, now: i64) -> Result<Product> {
    let name = form.need("name")?;
    let images = form.texts("images")?;
    if let Some(index) = images.iter().position(|image| reqwest::Url::parse(image).is_err()) {
        let param = form.name(&format!("images][{index}"));
        return Err(ApiError::invalid("Not a valid URL").code("url_invalid").param(param));
    }
    if images.len() > MAX_IMAGES {
        return Err(ApiError::invalid("Products can have up to 8 images").param(form.name("images")));
    }
    form.tolerate(&["tax_code", "unit_label"]);
    let description = form.text("description")?;
    Ok(Product { id: new_id("prod_"), created: now, name, description, images, metadata: form.metadata()? })
}
