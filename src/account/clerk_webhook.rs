//! Webhook `/api/webhooks/clerk`: created, updated and deleted users. The handler's argument is an extractor that verifies the signature.
//!
//! Clerk sends through Svix, whose scheme is that of Standard Webhooks with other names for its three headers. The verifier is Svix's crate
//! for that standard: the crate `svix` contains a whole client, which does not build without a second TLS cryptography provider.
//! <https://docs.svix.com/receiving/verifying-payloads/how>

use axum::{
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use serde_json::Value;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError};

use crate::{
    account::clerk_metadata_sync,
    error::Result,
    identity::clerk::{person::Person, provisioning},
    server::{
        http::client_ip::ClientInfo,
        rate_limit::{body_size::too_large, load_shedding},
        state::AppState,
    },
};

/// The largest event. Clerk's events have a few kilobytes.
const MAX_PAYLOAD_BYTES: usize = 512 * 1024;

/// An event that Clerk signed at most five minutes ago.
pub struct VerifiedEvent(Event);

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
}

impl FromRequest<AppState> for VerifiedEvent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let address = ClientInfo::of(&request).address;
        let reject = |reason| load_shedding::record_forgery(state, address, reason);
        let secret = state.config.clerk.as_ref().and_then(|clerk| clerk.webhook_secret.as_deref());
        let secret =
            secret.ok_or_else(|| (StatusCode::NOT_FOUND, "This server has no webhook of Clerk").into_response())?;
        let (parts, body) = request.into_parts();
        let headers = standard_headers(&parts.headers).ok_or_else(|| reject("not signed"))?;
        let body = Limited::new(body, MAX_PAYLOAD_BYTES).collect().await.map_err(|_| too_large())?.to_bytes();
        let webhook = Webhook::new(secret).map_err(|_| reject("the webhook secret is invalid"))?;
        match webhook.verify(&body, &headers) {
            Ok(()) => {}
            Err(WebhookError::TimestampTooOldError) => return Err(reject("too old")),
            Err(WebhookError::FutureTimestampError) => return Err(reject("from the future")),
            Err(_) => return Err(reject("not signed by Clerk")),
        }
        serde_json::from_slice(&body).map(Self).map_err(|_| reject("not an event"))
    }
}

/// Returns Svix's headers under the names of the standard; `None` when one is missing or the time is not plausible.
fn standard_headers(sent: &HeaderMap) -> Option<HeaderMap> {
    let names = [
        ("svix-id", HEADER_WEBHOOK_ID),
        ("svix-timestamp", HEADER_WEBHOOK_TIMESTAMP),
        ("svix-signature", HEADER_WEBHOOK_SIGNATURE),
    ];
    let time: i64 = sent.get("svix-timestamp")?.to_str().ok()?.parse().ok()?;
    let rename = |(svix, standard)| Some((HeaderName::from_static(standard), sent.get(svix)?.clone()));
    (0..=99_999_999_999).contains(&time).then(|| names.into_iter().map(rename).collect())?
}

/// Processes an event. The status is 200 whether or not the event changed anything; 500 makes Clerk send it again.
pub async fn receive(State(state): State<AppState>, VerifiedEvent(event): VerifiedEvent) -> Response {
    match handle(&state, event).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Applies an event to our users. Other kinds of events are ignored.
async fn handle(state: &AppState, Event { kind, data }: Event) -> Result<()> {
    match kind.as_str() {
        "user.created" | "user.updated" => match Person::deserialize(&data) {
            Ok(person) => {
                provisioning::provision(&state.db, &person, state.config.admin_email.as_deref()).await?;
                clerk_metadata_sync::spawn_sync(state);
            }
            Err(error) => {
                tracing::error!(kind, %error, "Clerk's event has an unknown format; its user is provisioned at their next visit");
            }
        },
        "user.deleted" => {
            if let Some(id) = data["id"].as_str() {
                provisioning::delete(&state.db, id).await?;
            } else {
                tracing::error!("Clerk's user.deleted event has no user id");
            }
        }
        _ => tracing::debug!(kind, "Ignored an event of Clerk"),
    }
    Ok(())
}
