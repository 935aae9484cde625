//! Idempotent requests: a request that is repeated with its idempotency key gets the first response again.
//!
//! See <https://docs.stripe.com/api/idempotent_requests>. A key is stored for a day with the parameters of its request. The same
//! request gets the same response with `idempotent-replayed: true`; another request with the key is rejected; and so is any
//! request with the key until the first response is written to the state file.

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::sandbox::{
    api::request::ApiRequest,
    data::Data,
    error::{ApiError, Result},
    model::idempotent_response::IdempotentResponse,
    store::Sandbox,
};

/// The longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// Marks a key as in use until it is dropped, also when the client disconnects.
struct KeyInUse<'a> {
    sandbox: &'a Sandbox,
    key: &'a str,
}

impl<'a> KeyInUse<'a> {
    fn claim(sandbox: &'a Sandbox, key: &'a str) -> Result<Self> {
        if sandbox.keys_in_use().insert(key.to_owned()) {
            Ok(Self { sandbox, key })
        } else {
            Err(ApiError::key_in_use())
        }
    }
}

impl Drop for KeyInUse<'_> {
    fn drop(&mut self) {
        self.sandbox.keys_in_use().remove(self.key);
    }
}

impl Sandbox {
    /// Responds to a request that changes data: once per idempotency key, and after the change is written to the state file.
    pub async fn handle_write(
        &self,
        request: ApiRequest,
        operation: impl FnOnce(&mut Data, ApiRequest) -> Result<Value>,
    ) -> Response {
        let result = match request.info.idempotency_key.clone() {
            None => self.run(request, operation).await.map(IntoResponse::into_response),
            Some(key) => self.run_once(&key, request, operation).await,
        };
        result.unwrap_or_else(IntoResponse::into_response)
    }

    async fn run(
        &self,
        request: ApiRequest,
        operation: impl FnOnce(&mut Data, ApiRequest) -> Result<Value>,
    ) -> Result<Json<Value>> {
        let value = self.change(request.now, |data| operation(data, request))?;
        self.wait_until_stored().await?;
        Ok(Json(value))
    }

    async fn run_once(
        &self,
        key: &str,
        request: ApiRequest,
        operation: impl FnOnce(&mut Data, ApiRequest) -> Result<Value>,
    ) -> Result<Response> {
        if key.len() > MAX_KEY_BYTES {
            return Err(ApiError::invalid("Idempotency keys can be up to 255 characters long."));
        }
        let _in_use = KeyInUse::claim(self, key)?;
        let (now, request_fingerprint, request_id) =
            (request.now, request.fingerprint.clone(), request.info.id.clone());
        let response = self.change(now, |data| {
            let oldest = now - IdempotentResponse::RETENTION_SECONDS;
            data.idempotent_responses.retain(|_, stored| stored.created > oldest);
            if let Some(stored) = data.idempotent_responses.get(key) {
                let is_same = stored.request_fingerprint == request_fingerprint;
                return if is_same { Ok(replay(stored)) } else { Err(ApiError::key_reused(key)) };
            }
            let (status, body) = match operation(data, request) {
                Ok(body) => (StatusCode::OK, body),
                Err(error) if error.is_replayable => (error.status, error.body()),
                Err(error) => return Err(error),
            };
            let response = (status, Json(&body)).into_response();
            let stored =
                IdempotentResponse { created: now, request_fingerprint, request_id, status: status.as_u16(), body };
            data.idempotent_responses.insert(key.to_owned(), stored);
            Ok(response)
        })?;
        self.wait_until_stored().await?;
        Ok(response)
    }
}

fn replay(stored: &IdempotentResponse) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = (status, Json(&stored.body)).into_response();
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(&stored.request_id) {
        response.headers_mut().insert("original-request", id);
    }
    response
}
