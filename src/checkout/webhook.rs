//! `/api/webhooks/stripe`: what Stripe tells us. The signature is verified before the handler exists.
//!
//! <https://docs.stripe.com/webhooks#verify-official-libraries>

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde_json::Value;
use stripe_webhook::{Webhook, WebhookError};
use time::OffsetDateTime;

use super::fulfil::{self, Event, Outcome, SessionFacts, Word};
use crate::{
    error::Error,
    prices::card,
    purchases::{refund, sales::Refunded},
    server::{clock, state::AppState},
};

/// Stripe's events are a few kilobytes.
const LIMIT: usize = 512 * 1024;

/// An event whose signature is Stripe's and not older than five minutes.
pub struct Signed {
    envelope: Envelope,
    payload: Value,
}

/// The part of an event that every API version has. <https://docs.stripe.com/api/events/object>
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// The part of a Checkout Session that decides.
#[derive(Deserialize)]
struct Session {
    id: String,
    client_reference_id: Option<String>,
    payment_status: String,
    amount_total: Option<i64>,
    currency: Option<String>,
    /// An id, or the whole object where the account expands it.
    payment_intent: Option<Value>,
}

impl FromRequest<AppState> for Signed {
    type Rejection = (StatusCode, &'static str);

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let refused = |why| {
            tracing::warn!(why, "Refused a webhook");
            (StatusCode::BAD_REQUEST, why)
        };
        let (parts, body) = request.into_parts();
        let signature = parts.headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        let signature = signature.ok_or_else(|| refused("not signed"))?;
        let body =
            Limited::new(body, LIMIT).collect().await.map_err(|_| refused("too large or broken off"))?.to_bytes();
        let text = std::str::from_utf8(&body).map_err(|_| refused("not text"))?;
        match Webhook::construct_event(text, signature, &state.config.stripe.webhook_secret) {
            // Verified, but of a version or a kind that the client library does not know: ours to keep.
            Ok(_) | Err(WebhookError::BadParse(_)) => {}
            Err(WebhookError::BadTimestamp(_)) => return Err(refused("too old")),
            Err(_) => return Err(refused("not signed by Stripe")),
        }
        let payload: Value = serde_json::from_str(text).map_err(|_| refused("not JSON"))?;
        let envelope = Envelope::deserialize(&payload).map_err(|_| refused("not an event"))?;
        Ok(Self { envelope, payload })
    }
}

/// 200 when the event is taken in, whether or not it changed anything. 500 makes Stripe send it again.
pub async fn receive(State(state): State<AppState>, signed: Signed) -> Response {
    match take_in(&state, &signed).await {
        Ok(outcome) => {
            let Envelope { id, kind, .. } = &signed.envelope;
            if outcome == Outcome::Mismatch {
                tracing::error!(event = id, kind, "A payment does not fit its checkout; nothing was granted");
            } else {
                tracing::info!(event = id, kind, outcome = outcome.word(), "Took in an event");
            }
            StatusCode::OK.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn take_in(state: &AppState, Signed { envelope, payload }: &Signed) -> Result<Outcome, Error> {
    let about = match word(&envelope.kind) {
        None => None,
        Some(word) => {
            let session = Session::deserialize(&envelope.data.object).map_err(anyhow::Error::from)?;
            Some((word, session.facts()))
        }
    };
    let event = Event {
        id: &envelope.id,
        kind: &envelope.kind,
        occurred_at: OffsetDateTime::from_unix_timestamp(envelope.created).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        payload,
        about,
    };
    let outcome = fulfil::take_in(&state.db, &event).await?;
    if outcome == Outcome::Granted {
        card::soon(state);
    }
    if let Outcome::OwnedBefore { refund: Some(refund), payment_intent } = &outcome {
        give_back(state, *refund, payment_intent).await;
    }
    Ok(outcome)
}

/// Sends a second payment back. The intent is stored: if Stripe is away now, it is sent again later.
async fn give_back(state: &AppState, refund: uuid::Uuid, payment_intent: &str) {
    match refund::finish(state, refund, clock::now()).await {
        Ok(Refunded::Sent { .. }) => tracing::info!(%refund, payment_intent, "Sent a second payment back"),
        answer => tracing::error!(%refund, payment_intent, ?answer, "A second payment is still to be sent back"),
    }
}

fn word(kind: &str) -> Option<Word> {
    match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => Some(Word::Completed),
        "checkout.session.async_payment_failed" => Some(Word::PaymentFailed),
        "checkout.session.expired" => Some(Word::Expired),
        _ => None,
    }
}

impl Session {
    fn facts(self) -> SessionFacts {
        let payment_intent = match self.payment_intent {
            Some(Value::String(id)) => Some(id),
            Some(Value::Object(object)) => object.get("id").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        SessionFacts {
            id: self.id,
            attempt: self.client_reference_id.and_then(|reference| reference.parse().ok()),
            paid: matches!(self.payment_status.as_str(), "paid" | "no_payment_required"),
            amount_total: self.amount_total.unwrap_or(-1),
            currency: self.currency.unwrap_or_default(),
            payment_intent,
        }
    }
}
