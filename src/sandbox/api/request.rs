//! Requests of the API: their parameters, and the responses that only read.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderName, Method},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sandbox::{
    clock::now,
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Form,
    ids::new_id,
    model::event::RequestInfo,
    store::Sandbox,
};

/// The header with a request's idempotency key.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The id of a request, generated before authentication.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub String);

/// An authenticated request of the API.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// Seconds since 1970, read once per request.
    pub now: i64,
    /// The id and the idempotency key, for the events that the request causes.
    pub info: RequestInfo,
    /// The base URL for browsers, without a trailing slash.
    pub public_url: String,
    /// Hash of method, path and parameters. An idempotency key is valid for one fingerprint only.
    pub fingerprint: String,
    /// Paths of the ids to expand in the response.
    pub expand: Vec<String>,
    /// The other parameters.
    pub form: Form,
}

impl FromRequest<Sandbox> for ApiRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, sandbox: &Sandbox) -> Result<Self> {
        let (head, body) = request.into_parts();
        let is_post = head.method == Method::POST;
        let encoded =
            if is_post { read_body(body).await? } else { head.uri.query().unwrap_or_default().as_bytes().to_vec() };
        let mut form = Form::parse(&encoded)?;
        let key = head.headers.get(IDEMPOTENCY_KEY).filter(|_| is_post).and_then(|value| value.to_str().ok());
        Ok(Self {
            now: now(),
            info: RequestInfo {
                id: head.extensions.get::<RequestId>().map_or_else(|| new_id("req_"), |id| id.0.clone()),
                idempotency_key: key.filter(|key| !key.is_empty()).map(str::to_owned),
            },
            public_url: sandbox.config().public_url.trim_end_matches('/').to_owned(),
            fingerprint: fingerprint(&head.method, head.uri.path(), &encoded),
            expand: form.texts("expand")?,
            form,
        })
    }
}

async fn read_body(body: Body) -> Result<Vec<u8>> {
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = body.map_err(|error| ApiError::invalid(format!("The request's body could not be read: {error}.")))?;
    Ok(body.to_bytes().to_vec())
}

/// Hashes method, path and parameters, independently of the parameters' order and percent-encoding.
fn fingerprint(method: &Method, path: &str, encoded: &[u8]) -> String {
    let params: BTreeMap<_, _> = form_urlencoded::parse(encoded).collect();
    hex::encode(Sha256::digest(format!("{method} {path} {params:?}")))
}

impl Sandbox {
    /// Responds to a request that only reads. Overdue sessions and due refunds are processed first.
    pub fn handle_read(
        &self,
        request: ApiRequest,
        operation: impl FnOnce(&Data, ApiRequest) -> Result<Value>,
    ) -> Response {
        self.tick(request.now);
        let result = operation(&self.data(), request);
        result.map_or_else(IntoResponse::into_response, |value| Json(value).into_response())
    }
}

/// Parses the `charge` and `payment_intent` filters of a list, and returns a predicate over the two ids of a row.
pub fn payment_filter(form: &mut Form) -> Result<impl Fn(&str, &str) -> bool + use<>> {
    let (charge, intent) = (form.text("charge")?, form.text("payment_intent")?);
    let matches = |filter: &Option<String>, id: &str| filter.as_ref().is_none_or(|filter| filter == id);
    Ok(move |row_charge: &str, row_intent: &str| matches(&charge, row_charge) && matches(&intent, row_intent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_does_not_depend_on_the_order_of_parameters() {
        let hash = |body: &str| fingerprint(&Method::POST, "/v1/refunds", body.as_bytes());
        assert_eq!(hash("a=1&b[c]=2"), hash("b%5Bc%5D=2&a=1"));
        assert_ne!(hash("a=1"), hash("a=2"));
    }
}
