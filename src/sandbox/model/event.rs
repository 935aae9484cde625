//! Events: records of what happened to an object, delivered to the webhook and readable through the API.
//!
//! The object is <https://docs.stripe.com/api/events/object>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::table::Row;

/// The version of Stripe's API that the objects conform to: <https://docs.stripe.com/api/versioning>.
pub const API_VERSION: &str = "2026-09-30.endive";

/// The API request that caused an event.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    pub id: String,
    pub idempotency_key: Option<String>,
}

/// A record of what happened to an object.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub created: i64,
    /// The type, such as `checkout.session.completed`: <https://docs.stripe.com/api/events/types>.
    pub kind: String,
    /// The object as it was when the event happened.
    pub object: Value,
    /// The values that the event replaced.
    #[serde(default, rename = "previous")]
    pub previous_attributes: Option<Value>,
    /// The id of the API request that caused the event. An event that a page or the timer caused has none.
    #[serde(rename = "request")]
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    /// The checkout session that the object belongs to. Not in Stripe's object.
    pub session: String,
    pub delivery: Delivery,
}

/// The delivery of an event to the webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct Delivery {
    #[serde(rename = "tries")]
    pub attempts: usize,
    /// When the next attempt is due, in milliseconds since 1970. None once the event is delivered or its retries are exhausted.
    pub next_ms: Option<i64>,
    pub delivered: bool,
    /// The result of the last attempt, for the dashboard.
    #[serde(rename = "last")]
    pub last_result: Option<String>,
}

impl Delivery {
    /// Creates a delivery that is due immediately.
    pub const fn due() -> Self {
        Self { attempts: 0, next_ms: Some(0), delivered: false, last_result: None }
    }
}

impl Row for Event {
    const RESOURCE: &'static str = "event";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Event {
    /// Renders Stripe's event object.
    pub fn json(&self) -> Value {
        let mut data = json!({ "object": self.object });
        if let Some(previous) = &self.previous_attributes {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id, "object": "event", "api_version": API_VERSION, "created": self.created, "data": data,
            "livemode": false,
            "pending_webhooks": i32::from(!self.delivery.delivered),
            "request": { "id": self.request_id, "idempotency_key": self.idempotency_key }, "type": self.kind,
        })
    }
}
