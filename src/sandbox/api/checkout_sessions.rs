//! The endpoints of checkout sessions: create, retrieve, list, expire, and the line items.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::{Map, Value, json};

use crate::sandbox::{
    api::cart::Cart,
    api::request::{self, Call},
    error::{ApiError, Result},
    form_encoding::form::Form,
    model::checkout_session::{PaymentIntentData, PaymentStatus, Session, Status},
    store::{Data, Sandbox, new_id},
};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// `POST /v1/checkout/sessions`: <https://docs.stripe.com/api/checkout/sessions/create>.
pub async fn create(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox
        .answer(call, |data, call| {
            let id = open(data, call.form, call.now, &call.public_url)?;
            tracing::info!(session = id, "Session {id} is open.");
            request::finish(data, data.sessions.get(&id, "session")?.json(), &call.expand)
        })
        .await
}

/// Opens a session in mode `payment`, and gives its id.
///
/// # Errors
/// 400, naming the parameter, for whatever Stripe would not sell; nothing is kept then.
fn open(data: &mut Data, mut form: Form, now: i64, public_url: &str) -> Result<String> {
    let mode = form.choice("mode", &["payment", "setup", "subscription"])?.ok_or_else(|| ApiError::missing("mode"))?;
    if mode != "payment" {
        return Err(ApiError::invalid("The sandbox supports mode=payment only.").param("mode"));
    }
    if form
        .choice("ui_mode", &["hosted", "hosted_page", "embedded", "embedded_page", "custom", "elements"])?
        .is_some_and(|mode| !mode.starts_with("hosted"))
    {
        return Err(ApiError::invalid("The sandbox supports its hosted page only.").param("ui_mode"));
    }
    let success_url = form.address("success_url")?.ok_or_else(|| ApiError::missing("success_url"))?;
    let cancel_url = form.address("cancel_url")?;
    let client_reference_id = form.short("client_reference_id", 200)?;
    let customer_email = form.text("customer_email")?;
    if customer_email.as_ref().is_some_and(|email| !is_email(email)) {
        let message = format!("Invalid email address: {}", customer_email.unwrap_or_default());
        return Err(ApiError::invalid(message).code("email_invalid").param("customer_email"));
    }
    let expires_at = expiry(&mut form, now)?;
    let payment_method_types = match form.texts("payment_method_types")? {
        types if types.is_empty() => vec!["card".to_owned()],
        types => types,
    };
    let metadata = form.metadata()?;
    let payment_intent_data = payment_data(&mut form)?;
    let repeated = repeated(&mut form)?;
    form.tolerate(&[
        "payment_method_options",
        "custom_text",
        "consent_collection",
        "after_expiration",
        "branding_settings",
    ]);
    let cart = Cart::take(&mut form, data, now)?;
    form.finish()?;

    let id = new_id("cs_test_");
    let (currency, amount) = (cart.currency.clone(), cart.total);
    let session = Session {
        page: format!("{public_url}/pay/{id}"),
        id: id.clone(),
        created: now,
        expires_at,
        status: Status::Open,
        payment_status: if amount == 0 { PaymentStatus::NoPaymentRequired } else { PaymentStatus::Unpaid },
        items: cart.keep(data),
        currency,
        amount,
        success_url,
        cancel_url,
        client_reference_id,
        customer_email,
        customer: None,
        metadata,
        payment_method_types,
        payment_intent_data,
        payment_intent: None,
        repeated,
    };
    data.sessions.insert(session);
    Ok(id)
}

/// Half an hour to a day from now; a day unless told.
fn expiry(form: &mut Form, now: i64) -> Result<i64> {
    let Some(at) = form.number("expires_at", 0)? else { return Ok(now + DAY) };
    let refuse = |message: &str| Err(ApiError::invalid(message).param("expires_at"));
    // A minute's grace, because the caller's clock is not ours.
    if at < now + 30 * MINUTE - MINUTE {
        return refuse("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.");
    }
    if at > now + DAY + MINUTE {
        return refuse("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.");
    }
    Ok(at)
}

fn payment_data(form: &mut Form) -> Result<PaymentIntentData> {
    let Some(mut form) = form.form("payment_intent_data")? else { return Ok(PaymentIntentData::default()) };
    let data = PaymentIntentData {
        description: form.short("description", 1000)?,
        receipt_email: form.text("receipt_email")?,
        statement_descriptor_suffix: form.short("statement_descriptor_suffix", 22)?,
        metadata: form.metadata()?,
    };
    if form.choice("capture_method", &["automatic", "automatic_async", "manual"])? == Some("manual") {
        let message = "The sandbox captures payments at once: leave capture_method out.";
        return Err(ApiError::invalid(message).param(form.name("capture_method")));
    }
    form.tolerate(&["setup_future_usage", "statement_descriptor", "transfer_group"]);
    form.finish()?;
    Ok(data)
}

/// Parameters that change nothing in a sandbox and are given back as they came.
fn repeated(form: &mut Form) -> Result<Map<String, Value>> {
    let mut repeated = Map::new();
    if let Some(allow) = form.flag("allow_promotion_codes")? {
        repeated.insert("allow_promotion_codes".into(), json!(allow));
    }
    let words: [(&str, &[&str]); 4] = [
        ("billing_address_collection", &["auto", "required"]),
        ("customer_creation", &["always", "if_required"]),
        ("payment_method_collection", &["always", "if_required"]),
        ("submit_type", &["auto", "book", "donate", "pay", "subscribe"]),
    ];
    for (field, words) in words {
        if let Some(word) = form.choice(field, words)? {
            repeated.insert(field.into(), json!(word));
        }
    }
    if let Some(locale) = form.text("locale")? {
        repeated.insert("locale".into(), json!(locale));
    }
    for field in ["automatic_tax", "invoice_creation", "phone_number_collection", "tax_id_collection"] {
        let Some(mut inner) = form.form(field)? else { continue };
        if inner.flag("enabled")?.ok_or_else(|| ApiError::missing(inner.name("enabled")))? {
            let message = format!("The sandbox has no {field}: leave it out or disable it.");
            return Err(ApiError::invalid(message).param(inner.name("enabled")));
        }
    }
    Ok(repeated)
}

/// As much of an address as Stripe checks.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.contains(char::is_whitespace)
}

/// `GET /v1/checkout/sessions/:id`: <https://docs.stripe.com/api/checkout/sessions/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.sessions.get(&id, "session")?.json(), &call.expand)
    })
}

/// `GET /v1/checkout/sessions`: <https://docs.stripe.com/api/checkout/sessions/list>.
pub async fn list(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let intent = form.text("payment_intent")?;
        let status = form.choice("status", &["open", "complete", "expired"])?;
        let email = form.form("customer_details")?.map(|mut details| details.need("email")).transpose()?;
        let fits = |session: &Session| {
            let word = match session.status {
                Status::Open => "open",
                Status::Complete => "complete",
                Status::Expired => "expired",
            };
            let buyer = || session.customer.as_ref().map(|customer| &customer.email);
            status.is_none_or(|status| status == word)
                && (email.is_none() || email.as_ref() == buyer())
                && (intent.is_none() || session.payment_intent == intent && session.status != Status::Open)
        };
        let page = data.sessions.page(&mut form, "/v1/checkout/sessions", fits, Session::json)?;
        form.finish()?;
        request::finish(data, page, &expand)
    })
}

/// `GET /v1/checkout/sessions/:id/line_items`: <https://docs.stripe.com/api/checkout/sessions/line_items>.
pub async fn line_items(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let limit = form.number("limit", 1)?.unwrap_or(10);
        let after = form.text("starting_after")?;
        form.finish()?;
        let mut list = data.sessions.get(&id, "session")?.line_items_list(data);
        if let Some(items) = list["data"].as_array_mut() {
            let start = after.and_then(|after| items.iter().position(|item| item["id"] == *after));
            items.drain(..start.map_or(0, |place| place + 1));
            let more = items.len() > usize::try_from(limit).unwrap_or(100);
            items.truncate(usize::try_from(limit).unwrap_or(100));
            list["has_more"] = more.into();
        }
        request::finish(data, list, &expand)
    })
}

/// `POST /v1/checkout/sessions/:id/expire`: <https://docs.stripe.com/api/checkout/sessions/expire>.
pub async fn expire(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox
        .answer(call, |data, call| {
            call.form.clone().finish()?;
            data.expire(&id, call.now, Some(&call))?;
            request::finish(data, data.sessions.get(&id, "session")?.json(), &call.expand)
        })
        .await
}
