//! `/api/webhooks/stripe`: receives Stripe's events. An extractor verifies the signature before the handler runs.
//!
//! <https://docs.stripe.com/webhooks#verify-official-libraries>

use std::time::Duration;

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use stripe_webhook::{Webhook, WebhookError};
use uuid::Uuid;

use crate::{
    error::Error,
    payments::{
        RefundResult, UnusablePaymentReason, card_country_check, fulfil, outcome::Outcome, refund_fetching,
        refund_submission,
    },
    platform::clock,
    server::{
        http::client_ip::ClientInfo,
        rate_limit::{body_size::too_large, load_shedding},
        state::AppState,
    },
    stripe::event::Event,
};

/// The most that is read of a request. Stripe's events have a few kilobytes.
const MAX_PAYLOAD_BYTES: usize = 512 * 1024;
/// The time to fetch the refunds of a payment in. Stripe waits ten seconds for our response.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// An event whose signature is Stripe's and not older than five minutes.
pub struct VerifiedEvent(pub Event);

impl FromRequest<AppState> for VerifiedEvent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let address = ClientInfo::of(&request).address;
        let reject = |reason| load_shedding::record_forgery(state, address, reason);
        let (parts, body) = request.into_parts();
        let signature = parts.headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        let signature = signature.ok_or_else(|| reject("not signed"))?;
        let body = Limited::new(body, MAX_PAYLOAD_BYTES).collect().await.map_err(|_| too_large())?.to_bytes();
        let text = std::str::from_utf8(&body).map_err(|_| reject("not text"))?;
        match Webhook::construct_event(text, signature, &state.config.stripe.webhook_secret) {
            // `BadParse`: verified, but of an API version or a type that the client library does not know. It is processed, too.
            Ok(_) | Err(WebhookError::BadParse(_)) => {}
            Err(WebhookError::BadTimestamp(_)) => return Err(reject("too old")),
            Err(_) => return Err(reject("not signed by Stripe")),
        }
        let payload = serde_json::from_str(text).map_err(|_| reject("not JSON"))?;
        Event::parse(payload).map(Self).ok_or_else(|| reject("not an event"))
    }
}

/// Processes an event. The response is 200 when it was processed, whether or not it changed anything; after a 500 Stripe delivers it again.
pub async fn receive(State(state): State<AppState>, VerifiedEvent(event): VerifiedEvent) -> Response {
    match process(&state, &event).await {
        Ok(Outcome::MISMATCH) => {
            tracing::error!(
                event = event.id,
                kind = event.kind,
                "A payment did not match its checkout; nothing was granted"
            );
            StatusCode::OK.into_response()
        }
        Ok(outcome) => {
            tracing::info!(event = event.id, kind = event.kind, outcome = outcome.detail(), "Processed a Stripe event");
            StatusCode::OK.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn process(state: &AppState, event: &Event) -> Result<Outcome, Error> {
    let outcome = fulfil::process_event(&state.db, event).await?;
    match &outcome {
        Outcome::UnusablePayment { reason, refund: Some(refund), payment_intent } => {
            refund_unusable_payment(state, *reason, *refund, payment_intent).await;
        }
        Outcome::RefundsToFetch { payment_intent } => fetch_refunds(state, payment_intent).await,
        outcome if *outcome == Outcome::ACCESS_GRANTED => card_country_check::spawn_check(state),
        _ => {}
    }
    Ok(outcome)
}

/// Fetches the refunds of a payment. The event is stored as a queue entry: while Stripe is down, a job fetches them later.
async fn fetch_refunds(state: &AppState, payment_intent: &str) {
    match tokio::time::timeout(FETCH_TIMEOUT, refund_fetching::fetch_refunds(state, payment_intent)).await {
        Ok(Ok(changed)) => tracing::info!(payment_intent, changed, "Fetched the refunds of a payment"),
        Ok(Err(error)) => {
            tracing::error!(payment_intent, %error, "Could not fetch the refunds of a payment; a job retries");
        }
        Err(_) => tracing::error!(payment_intent, "Timed out fetching the refunds of a payment; a job retries"),
    }
}

/// Refunds a payment that cannot become a purchase. The intent is stored: while Stripe is down, a job submits it later.
async fn refund_unusable_payment(state: &AppState, reason: UnusablePaymentReason, refund: Uuid, payment_intent: &str) {
    match refund_submission::submit(state, refund, clock::now()).await {
        Ok(RefundResult::Succeeded { .. }) => {
            tracing::info!(%refund, payment_intent, ?reason, "Refunded an unusable payment");
        }
        result => {
            tracing::error!(%refund, payment_intent, ?reason, ?result, "Could not refund an unusable payment yet");
        }
    }
}
