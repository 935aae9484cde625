//! One request, one effect: the answers that idempotency keys remember.
//!
//! See <https://docs.stripe.com/api/idempotent_requests>. A key is remembered for a day with the parameters it came with. The
//! same again gives the same answer with `idempotent-replayed: true`; the same key with anything else is refused; and while the
//! first answer is not yet safely stored, it is in use.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::{
    api::request::Call,
    error::{ApiError, Result},
    store::{Data, Sandbox},
};

const DAY: i64 = 24 * 60 * 60;

/// An answer and what it answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Remembered {
    pub created: i64,
    /// Method, address and sorted parameters, hashed.
    request: String,
    request_id: String,
    status: u16,
    body: Value,
}

impl Remembered {
    fn replay(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, Json(&self.body)).into_response();
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert("original-request", id);
        }
        response
    }
}

/// Marks a key as in use until it is dropped, also when the client hangs up.
struct InUse<'a>(&'a Sandbox, &'a str);

impl<'a> InUse<'a> {
    fn claim(sandbox: &'a Sandbox, key: &'a str) -> Result<Self> {
        if sandbox.busy().insert(key.to_owned()) { Ok(Self(sandbox, key)) } else { Err(ApiError::key_in_use()) }
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.0.busy().remove(self.1);
    }
}

impl Sandbox {
    /// Runs an operation that changes something, once per idempotency key, and answers when the outcome is stored.
    pub async fn answer(&self, call: Call, operation: impl FnOnce(&mut Data, Call) -> Result<Value>) -> Response {
        let result = match call.idempotency_key.clone() {
            None => self.run(call, operation).await.map(IntoResponse::into_response),
            Some(key) => self.run_once(&key, call, operation).await,
        };
        result.unwrap_or_else(IntoResponse::into_response)
    }

    async fn run(&self, call: Call, operation: impl FnOnce(&mut Data, Call) -> Result<Value>) -> Result<Json<Value>> {
        let value = self.change(call.now, |data| operation(data, call))?;
        self.stored().await?;
        Ok(Json(value))
    }

    async fn run_once(
        &self,
        key: &str,
        call: Call,
        operation: impl FnOnce(&mut Data, Call) -> Result<Value>,
    ) -> Result<Response> {
        if key.len() > 255 {
            return Err(ApiError::invalid("Idempotency keys can be up to 255 characters long."));
        }
        let _in_use = InUse::claim(self, key)?;
        let (now, request, request_id) = (call.now, call.fingerprint.clone(), call.request_id.clone());
        let response = self.change(now, |data| {
            data.answers.retain(|_, answer| answer.created > now - DAY);
            if let Some(answer) = data.answers.get(key) {
                return if answer.request == request { Ok(answer.replay()) } else { Err(ApiError::other_params(key)) };
            }
            let (status, body) = match operation(data, call) {
                Ok(body) => (StatusCode::OK, body),
                Err(error) if error.remembered => (error.status, error.body()),
                Err(error) => return Err(error),
            };
            let response = (status, Json(&body)).into_response();
            let answer = Remembered { created: now, request, request_id, status: status.as_u16(), body };
            data.answers.insert(key.to_owned(), answer);
            Ok(response)
        })?;
        self.stored().await?;
        Ok(response)
    }
}

/// The header that names a request's idempotency key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
