//! Endpoints of checkout sessions: <https://docs.stripe.com/api/checkout/sessions>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::{Map, Value, json};

use crate::sandbox::{
    api::{cart::Cart, expand::expand_all, request::ApiRequest},
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Form,
    ids::new_id,
    model::{
        checkout_session::{CheckoutSession, PaymentIntentData, PaymentStatus, SessionStatus},
        customer_details::is_email,
    },
    store::Sandbox,
};

/// How long a session stays open, in seconds: <https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at>.
const MIN_LIFETIME_SECONDS: i64 = 30 * 60;
const MAX_LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// How far the client's clock may differ from the sandbox's, in seconds.
const MAX_CLOCK_SKEW_SECONDS: i64 = 60;

/// `POST /v1/checkout/sessions`: <https://docs.stripe.com/api/checkout/sessions/create>.
pub async fn create(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox
        .handle_write(request, |data, request| {
            let id = create_session(data, request.form, request.now, &request.public_url)?;
            tracing::info!(session = id, "Session {id} was created.");
            expand_all(data, data.sessions.get(&id, "session")?.json(), &request.expand)
        })
        .await
}

/// Creates a session in mode `payment`, and returns its id.
///
/// # Errors
/// 400, naming the parameter, for what Stripe would reject. Nothing is stored then.
fn create_session(data: &mut Data, mut form: Form, now: i64, public_url: &str) -> Result<String> {
    check_mode(&mut form)?;
    let success_url = form.address("success_url")?.ok_or_else(|| ApiError::missing("success_url"))?;
    let cancel_url = form.address("cancel_url")?;
    let client_reference_id = form.short("client_reference_id", 200)?;
    let customer_email = customer_email(&mut form)?;
    let expires_at = expires_at(&mut form, now)?;
    let payment_method_types = match form.texts("payment_method_types")? {
        types if types.is_empty() => vec!["card".to_owned()],
        types => types,
    };
    let metadata = form.metadata()?;
    let payment_intent_data = payment_intent_data(&mut form)?;
    let echoed_params = echoed_params(&mut form)?;
    form.tolerate(&[
        "payment_method_options",
        "custom_text",
        "consent_collection",
        "after_expiration",
        "branding_settings",
    ]);
    let cart = Cart::parse(&mut form, data, now)?;
    form.finish()?;

    let id = new_id("cs_test_");
    let (currency, amount) = (cart.currency.clone(), cart.total);
    let session = CheckoutSession {
        url: format!("{public_url}/pay/{id}"),
        id: id.clone(),
        created: now,
        expires_at,
        status: SessionStatus::Open,
        payment_status: if amount == 0 { PaymentStatus::NoPaymentRequired } else { PaymentStatus::Unpaid },
        line_items: cart.insert_into(data),
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
        echoed_params,
    };
    data.sessions.insert(session);
    Ok(id)
}

/// Checks that `mode` and `ui_mode` are those that the sandbox supports.
fn check_mode(form: &mut Form) -> Result<()> {
    let mode = form.choice("mode", &["payment", "setup", "subscription"])?.ok_or_else(|| ApiError::missing("mode"))?;
    if mode != "payment" {
        return Err(ApiError::invalid("The sandbox supports mode=payment only.").param("mode"));
    }
    let ui_mode =
        form.choice("ui_mode", &["hosted", "hosted_page", "embedded", "embedded_page", "custom", "elements"])?;
    if ui_mode.is_some_and(|mode| !mode.starts_with("hosted")) {
        return Err(ApiError::invalid("The sandbox supports its hosted page only.").param("ui_mode"));
    }
    Ok(())
}

fn customer_email(form: &mut Form) -> Result<Option<String>> {
    let email = form.text("customer_email")?;
    match &email {
        Some(text) if !is_email(text) => {
            let message = format!("Invalid email address: {text}");
            Err(ApiError::invalid(message).code("email_invalid").param("customer_email"))
        }
        _ => Ok(email),
    }
}

/// Parses `expires_at`. Default: the longest lifetime.
fn expires_at(form: &mut Form, now: i64) -> Result<i64> {
    let Some(time) = form.number("expires_at", 0)? else { return Ok(now + MAX_LIFETIME_SECONDS) };
    let invalid = |message: &str| Err(ApiError::invalid(message).param("expires_at"));
    if time < now + MIN_LIFETIME_SECONDS - MAX_CLOCK_SKEW_SECONDS {
        return invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.");
    }
    if time > now + MAX_LIFETIME_SECONDS + MAX_CLOCK_SKEW_SECONDS {
        return invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.");
    }
    Ok(time)
}

fn payment_intent_data(form: &mut Form) -> Result<PaymentIntentData> {
    let Some(mut form) = form.form("payment_intent_data")? else { return Ok(PaymentIntentData::default()) };
    let data = PaymentIntentData {
        description: form.short("description", 1000)?,
        receipt_email: form.text("receipt_email")?,
        statement_descriptor_suffix: form.short("statement_descriptor_suffix", 22)?,
        metadata: form.metadata()?,
    };
    if form.choice("capture_method", &["automatic", "automatic_async", "manual"])? == Some("manual") {
        let message = "The sandbox captures payments immediately: leave capture_method out.";
        return Err(ApiError::invalid(message).param(form.name("capture_method")));
    }
    form.tolerate(&["setup_future_usage", "statement_descriptor", "transfer_group"]);
    form.finish()?;
    Ok(data)
}

/// Parses the parameters without an effect in the sandbox that the object repeats.
fn echoed_params(form: &mut Form) -> Result<Map<String, Value>> {
    let mut params = Map::new();
    if let Some(allow) = form.flag("allow_promotion_codes")? {
        params.insert("allow_promotion_codes".into(), json!(allow));
    }
    let choices: [(&str, &[&str]); 4] = [
        ("billing_address_collection", &["auto", "required"]),
        ("customer_creation", &["always", "if_required"]),
        ("payment_method_collection", &["always", "if_required"]),
        ("submit_type", &["auto", "book", "donate", "pay", "subscribe"]),
    ];
    for (field, values) in choices {
        if let Some(value) = form.choice(field, values)? {
            params.insert(field.into(), json!(value));
        }
    }
    if let Some(locale) = form.text("locale")? {
        params.insert("locale".into(), json!(locale));
    }
    for field in ["automatic_tax", "invoice_creation", "phone_number_collection", "tax_id_collection"] {
        let Some(mut inner) = form.form(field)? else { continue };
        if inner.flag("enabled")?.ok_or_else(|| ApiError::missing(inner.name("enabled")))? {
            let message = format!("The sandbox has no {field}: leave it out or disable it.");
            return Err(ApiError::invalid(message).param(inner.name("enabled")));
        }
    }
    Ok(params)
}

/// `GET /v1/checkout/sessions/:id`: <https://docs.stripe.com/api/checkout/sessions/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.sessions.get(&id, "session")?.json(), &request.expand)
    })
}

/// `GET /v1/checkout/sessions`: <https://docs.stripe.com/api/checkout/sessions/list>.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let intent = form.text("payment_intent")?;
        let status = form.choice("status", &["open", "complete", "expired"])?;
        let email = form.form("customer_details")?.map(|mut details| details.need("email")).transpose()?;
        let filter = |session: &CheckoutSession| {
            let customer_email = || session.customer.as_ref().map(|customer| &customer.email);
            status.is_none_or(|status| status == session.status.name())
                && (email.is_none() || email.as_ref() == customer_email())
                && (intent.is_none() || session.payment_intent == intent && session.status != SessionStatus::Open)
        };
        let page = data.sessions.page(&mut form, "/v1/checkout/sessions", filter, CheckoutSession::json)?;
        form.finish()?;
        expand_all(data, page, &expand)
    })
}

/// `GET /v1/checkout/sessions/:id/line_items`: <https://docs.stripe.com/api/checkout/sessions/line_items>.
pub async fn line_items(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let limit = form.number("limit", 1)?.unwrap_or(10);
        let after = form.text("starting_after")?;
        form.finish()?;
        let mut list = data.render_line_items(data.sessions.get(&id, "session")?);
        if let Some(items) = list["data"].as_array_mut() {
            let start = after.and_then(|after| items.iter().position(|item| item["id"] == *after));
            items.drain(..start.map_or(0, |index| index + 1));
            let more = items.len() > usize::try_from(limit).unwrap_or(100);
            items.truncate(usize::try_from(limit).unwrap_or(100));
            list["has_more"] = more.into();
        }
        expand_all(data, list, &expand)
    })
}

/// `POST /v1/checkout/sessions/:id/expire`: <https://docs.stripe.com/api/checkout/sessions/expire>.
pub async fn expire(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox
        .handle_write(request, |data, request| {
            request.form.clone().finish()?;
            data.expire_session(&id, request.now, Some(&request.info))?;
            expand_all(data, data.sessions.get(&id, "session")?.json(), &request.expand)
        })
        .await
}
