//! `/api/webhooks/stripe`: what Stripe tells us. The signature is verified before the handler exists.
//!
//! <https://docs.stripe.com/webhooks#verify-official-libraries>

use std::time::Duration;

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde_json::Value;
use stripe_webhook::{Webhook, WebhookError};

use crate::{
    error::Error,
    payments::{
        Refunded, UnusablePaymentReason, card_country_check,
        fulfil::{self, Event},
        outcome::Outcome,
        refunds,
    },
    platform::clock,
    server::{
        http::client_ip::ClientInfo,
        rate_limit::{body_size::too_large, load_shedding},
        state::AppState,
    },
    stripe::objects::{self, StripeObject},
};

/// Stripe's events are a few kilobytes.
const MAX_PAYLOAD_BYTES: usize = 512 * 1024;

/// An event whose signature is Stripe's and not older than five minutes.
pub struct VerifiedEvent {
    envelope: Envelope,
    payload: Value,
}

/// The part of an event that every API version has. <https://docs.stripe.com/api/events/object>
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// Seconds; a text in the events of Stripe's second API, which change nothing here.
    #[serde(default)]
    created: Value,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

impl Envelope {
    /// Events are found again by these. What is longer than the database's indexes take is nobody's id, and sending it again
    /// would not help.
    fn has_endless_ids(&self) -> bool {
        const MAX_ID_CHARS: usize = 2000;
        let object = &self.data.object;
        let endless = |value: Option<&Value>| value.is_some_and(|value| value.to_string().len() > MAX_ID_CHARS);
        self.id.len() > MAX_ID_CHARS || endless(object.get("id")) || endless(object.get("payment_intent"))
    }
}

impl FromRequest<AppState> for VerifiedEvent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let from = ClientInfo::of(&request).address;
        let refused = |why| load_shedding::record_forgery(state, from, why);
        let (parts, body) = request.into_parts();
        let signature = parts.headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        let signature = signature.ok_or_else(|| refused("not signed"))?;
        let body = Limited::new(body, MAX_PAYLOAD_BYTES).collect().await.map_err(|_| too_large())?.to_bytes();
        let text = std::str::from_utf8(&body).map_err(|_| refused("not text"))?;
        match Webhook::construct_event(text, signature, &state.config.stripe.webhook_secret) {
            // Verified, but of a version or a kind that the client library does not know: ours to keep.
            Ok(_) | Err(WebhookError::BadParse(_)) => {}
            Err(WebhookError::BadTimestamp(_)) => return Err(refused("too old")),
            Err(_) => return Err(refused("not signed by Stripe")),
        }
        let mut payload: Value = serde_json::from_str(text).map_err(|_| refused("not JSON"))?;
        if text.contains("\\u0000") {
            without_nul(&mut payload);
        }
        let envelope = Envelope::deserialize(&payload).map_err(|_| refused("not an event"))?;
        if envelope.has_endless_ids() {
            return Err(refused("not an event"));
        }
        Ok(Self { envelope, payload })
    }
}

/// 200 when the event is taken in, whether or not it changed anything. 500 makes Stripe send it again.
pub async fn receive(State(state): State<AppState>, signed: VerifiedEvent) -> Response {
    match handle(&state, &signed).await {
        Ok(outcome) => {
            let Envelope { id, kind, .. } = &signed.envelope;
            if outcome == Outcome::MISMATCH {
                tracing::error!(event = id, kind, "A payment does not fit its checkout; nothing was granted");
            } else {
                tracing::info!(event = id, kind, outcome = outcome.detail(), "Processed a Stripe event");
            }
            StatusCode::OK.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn handle(state: &AppState, VerifiedEvent { envelope, payload }: &VerifiedEvent) -> Result<Outcome, Error> {
    let about = objects::read(&envelope.kind, &envelope.data.object).unwrap_or_else(|error| {
        let error = objects::without_values(&error);
        tracing::error!(event = envelope.id, kind = envelope.kind, error, "An event is not as we know it; it is kept");
        Some(StripeObject::Unreadable)
    });
    let event = Event {
        id: &envelope.id,
        kind: &envelope.kind,
        occurred_at: objects::moment(envelope.created.as_i64().unwrap_or_default()),
        payload,
        about,
    };
    let outcome = fulfil::process_event(&state.db, &event).await?;
    match &outcome {
        Outcome::UnusablePayment { reason, refund: Some(refund), payment_intent } => {
            refund_unusable_payment(state, *reason, *refund, payment_intent).await;
        }
        Outcome::RefundsToFetch { payment_intent } => look_up(state, payment_intent).await,
        outcome if *outcome == Outcome::ACCESS_GRANTED => card_country_check::spawn_check(state),
        _ => {}
    }
    Ok(outcome)
}

/// Stripe waits ten seconds for an answer.
const STRIPE_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks what went back of a payment. That it is to be asked is stored: if Stripe is away now, it is asked again later.
async fn look_up(state: &AppState, payment_intent: &str) {
    match tokio::time::timeout(STRIPE_READ_TIMEOUT, refunds::read_refunds(state, payment_intent)).await {
        Ok(Ok(news)) => tracing::info!(payment_intent, news, "Read the refunds of a payment"),
        Ok(Err(error)) => tracing::error!(payment_intent, %error, "The refunds of a payment are still to be read"),
        Err(_) => tracing::error!(payment_intent, "The refunds of a payment are still to be read"),
    }
}

/// Refunds a payment that cannot become a purchase. The intent is stored: if Stripe is away now, it is sent again later.
async fn refund_unusable_payment(
    state: &AppState,
    reason: UnusablePaymentReason,
    refund: uuid::Uuid,
    payment_intent: &str,
) {
    match refunds::submit(state, refund, clock::now()).await {
        Ok(Refunded::Sent { .. }) => tracing::info!(%refund, payment_intent, ?reason, "Refunded an unusable payment"),
        answer => {
            tracing::error!(%refund, payment_intent, ?reason, ?answer, "An unusable payment is still to be refunded")
        }
    }
}

/// The database's texts have no NUL. An event that has one is kept with a sign in its place.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(values) => values.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(name, mut value)| {
                    without_nul(&mut value);
                    (name.replace('\0', "\u{fffd}"), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
