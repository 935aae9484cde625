//! Expanding: an id in an answer is replaced by the object it names, when the caller asks for it.
//!
//! See <https://docs.stripe.com/api/expanding_objects>: `payment_intent.latest_charge`, `data.charge` in lists.

use serde_json::Value;

use crate::sandbox::{
    api::cart::{Price, Product},
    error::{ApiError, Result},
    model::checkout_session::Session,
    model::payment::{Charge, PaymentIntent},
    operations::disputes::Dispute,
    operations::refunds::{self, Refund},
    store::Data,
};

/// Expands one dotted path in an answer. What is null stays null.
///
/// # Errors
/// 400 when the path names no id and nothing includable.
pub fn expand(data: &Data, value: &mut Value, path: &str) -> Result<()> {
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    if field == "data" && value["object"] == "list" {
        let items = value["data"].as_array_mut().into_iter().flatten();
        return items.into_iter().try_for_each(|item| expand(data, item, rest));
    }
    let refuse = || {
        let message = format!("This property cannot be expanded ({field}).");
        ApiError::invalid(message).param("expand")
    };
    let owner = value["id"].as_str().unwrap_or_default().to_owned();
    let Some(fields) = value.as_object_mut() else { return Err(refuse()) };
    match (field, fields.get("object").and_then(Value::as_str)) {
        ("line_items", Some("checkout.session")) => {
            let session = data.sessions.get(&owner, "session")?;
            fields.insert(field.to_owned(), session.line_items_list(data));
        }
        ("refunds", Some("charge")) => {
            fields.insert(field.to_owned(), refunds::list_of(data, &owner));
        }
        _ => {}
    }
    let Some(inner) = fields.get_mut(field) else { return Err(refuse()) };
    if let Some(id) = inner.as_str() {
        *inner = data.render(id).ok_or_else(refuse)?;
    }
    match inner {
        Value::Null => Ok(()),
        Value::Object(_) if rest.is_empty() => Ok(()),
        Value::Object(_) => expand(data, inner, rest),
        _ => Err(refuse()),
    }
}

impl Data {
    /// The object of any kind that an id names.
    pub fn render(&self, id: &str) -> Option<Value> {
        match id.split_once('_')?.0 {
            "cs" => self.sessions.find(id).map(Session::json),
            "pi" => self.intents.find(id).map(PaymentIntent::json),
            "ch" => self.charges.find(id).map(Charge::json),
            "du" => self.disputes.find(id).map(Dispute::json),
            "re" => self.refunds.find(id).map(Refund::json),
            "price" => self.prices.find(id).map(Price::json),
            "prod" => self.products.find(id).map(Product::json),
            _ => None,
        }
    }
}
