//! Responses that are stored by idempotency key, to be replayed when the request is repeated.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stored response, and the request that it answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdempotentResponse {
    pub created: i64,
    /// Hash of method, path and sorted parameters.
    #[serde(rename = "request")]
    pub request_fingerprint: String,
    pub request_id: String,
    pub status: u16,
    pub body: Value,
}

impl IdempotentResponse {
    /// How long a response is stored, in seconds: <https://docs.stripe.com/api/idempotent_requests>.
    pub const RETENTION_SECONDS: i64 = 24 * 60 * 60;
}
