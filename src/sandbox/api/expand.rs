//! Expansion: replaces an id in a response by the object that it refers to, where the request asks for it.
//!
//! See <https://docs.stripe.com/api/expanding_objects>: `payment_intent.latest_charge`, `data.charge` in lists.

use serde_json::Value;

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
};

/// Expands all paths of a request in its response.
///
/// # Errors
/// 400 for a path that cannot be expanded.
pub fn expand_all(data: &Data, mut value: Value, paths: &[String]) -> Result<Value> {
    for path in paths {
        expand(data, &mut value, path)?;
    }
    Ok(value)
}

/// Expands one dotted path. A field that is null stays null.
fn expand(data: &Data, value: &mut Value, path: &str) -> Result<()> {
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    if field == "data" && value["object"] == "list" {
        let items = value["data"].as_array_mut().into_iter().flatten();
        return items.into_iter().try_for_each(|item| expand(data, item, rest));
    }
    let not_expandable = || {
        let message = format!("This property cannot be expanded ({field}).");
        ApiError::invalid(message).param("expand")
    };
    let owner = value["id"].as_str().unwrap_or_default().to_owned();
    let Some(fields) = value.as_object_mut() else { return Err(not_expandable()) };
    match (field, fields.get("object").and_then(Value::as_str)) {
        ("line_items", Some("checkout.session")) => {
            let session = data.sessions.get(&owner, "session")?;
            fields.insert(field.to_owned(), data.render_line_items(session));
        }
        ("refunds", Some("charge")) => {
            fields.insert(field.to_owned(), data.render_refunds(&owner));
        }
        _ => {}
    }
    let Some(inner) = fields.get_mut(field) else { return Err(not_expandable()) };
    if let Some(id) = inner.as_str() {
        *inner = data.render(id).ok_or_else(not_expandable)?;
    }
    match inner {
        Value::Null => Ok(()),
        Value::Object(_) if rest.is_empty() => Ok(()),
        Value::Object(_) => expand(data, inner, rest),
        _ => Err(not_expandable()),
    }
}
