//! `/api/webhooks/clerk`: what Clerk tells us. The signature is verified before the handler exists.
//!
//! Clerk sends by Svix, whose scheme is that of Standard Webhooks with other names for its three headers. The verifier is the
//! one that Svix wrote for those: its own crate brings a whole client, which builds with a second TLS cryptography only.
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

/// Clerk's events are a few kilobytes.
const MAX_PAYLOAD_BYTES: usize = 512 * 1024;

/// An event that Clerk signed, not more than five minutes ago.
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
        let from = ClientInfo::of(&request).address;
        let refused = |why| load_shedding::record_forgery(state, from, why);
        let secret = state.config.clerk.as_ref().and_then(|clerk| clerk.webhook_secret.as_deref());
        let secret = secret.ok_or_else(|| (StatusCode::NOT_FOUND, "Clerk is not listened to here").into_response())?;
        let (parts, body) = request.into_parts();
        let headers = standard(&parts.headers).ok_or_else(|| refused("not signed"))?;
        let body = Limited::new(body, MAX_PAYLOAD_BYTES).collect().await.map_err(|_| too_large())?.to_bytes();
        let webhook = Webhook::new(secret).map_err(|_| refused("not to be verified here"))?;
        match webhook.verify(&body, &headers) {
            Ok(()) => {}
            Err(WebhookError::TimestampTooOldError) => return Err(refused("too old")),
            Err(WebhookError::FutureTimestampError) => return Err(refused("from the future")),
            Err(_) => return Err(refused("not signed by Clerk")),
        }
        serde_json::from_slice(&body).map(Self).map_err(|_| refused("not an event"))
    }
}

/// Svix's headers under the names of the standard; nothing when one is missing, or the time is none that a clock shows.
fn standard(sent: &HeaderMap) -> Option<HeaderMap> {
    let names = [
        ("svix-id", HEADER_WEBHOOK_ID),
        ("svix-timestamp", HEADER_WEBHOOK_TIMESTAMP),
        ("svix-signature", HEADER_WEBHOOK_SIGNATURE),
    ];
    let time: i64 = sent.get("svix-timestamp")?.to_str().ok()?.parse().ok()?;
    let named = |(svix, standard)| Some((HeaderName::from_static(standard), sent.get(svix)?.clone()));
    (0..=99_999_999_999).contains(&time).then(|| names.into_iter().map(named).collect())?
}

/// 200 when the event is taken in, whether or not it changed anything. 500 makes Clerk send it again.
pub async fn receive(State(state): State<AppState>, VerifiedEvent(event): VerifiedEvent) -> Response {
    match handle(&state, event).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn handle(state: &AppState, Event { kind, data }: Event) -> Result<()> {
    match kind.as_str() {
        "user.created" | "user.updated" => match Person::deserialize(&data) {
            Ok(person) => {
                provisioning::provision(&state.db, &person, state.config.admin_email.as_deref()).await?;
                clerk_metadata_sync::spawn_sync(state);
            }
            Err(error) => {
                tracing::error!(kind, %error, "An event is not as we know it; its person comes in when they visit");
            }
        },
        "user.deleted" => {
            if let Some(id) = data["id"].as_str() {
                provisioning::delete(&state.db, id).await?;
            } else {
                tracing::error!("Clerk deleted somebody without saying whom");
            }
        }
        _ => tracing::debug!(kind, "An event of Clerk's is not for us"),
    }
    Ok(())
}
