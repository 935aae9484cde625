//! The API's front door: the key is checked, the form is read, the request gets an id.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sandbox::{
    api::expand,
    api::idempotency::IDEMPOTENCY_KEY,
    error::{ApiError, Result},
    form_encoding::form::Form,
    store::{Data, Sandbox, new_id, now},
};

/// The version of Stripe's API that objects are shaped as: <https://docs.stripe.com/api/versioning>.
pub const API_VERSION: &str = "2026-09-30.endive";

/// Reads which payment a list is asked for, and says whether a charge and a payment intent are its own.
pub fn of_payment(form: &mut Form) -> Result<impl Fn(&str, &str) -> bool + use<>> {
    let (charge, intent) = (form.text("charge")?, form.text("payment_intent")?);
    let is = |asked: &Option<String>, id: &str| asked.as_ref().is_none_or(|asked| asked == id);
    Ok(move |of_charge: &str, of_intent: &str| is(&charge, of_charge) && is(&intent, of_intent))
}

/// A request that carried the right key.
#[derive(Clone, Debug)]
pub struct Call {
    /// Seconds since 1970, read once per request.
    pub now: i64,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    /// Where this sandbox is, without a slash at the end.
    pub public_url: String,
    /// Method, address and parameters, hashed: what an idempotency key stands for.
    pub fingerprint: String,
    pub expand: Vec<String>,
    pub form: Form,
}

/// The id of a request, made before anything is known about it.
#[derive(Clone, Debug)]
struct RequestId(String);

/// Gives every request of the API an id, and turns those without the secret key away.
pub async fn guard(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    let id = new_id("req_");
    let refused = check_key(request.headers(), &sandbox.config().secret_key).err();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = match refused {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    };
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, request = id, "{method} {path} was answered with {status}.");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("request-id", id);
    }
    response.headers_mut().insert("stripe-version", HeaderValue::from_static(API_VERSION));
    response
}

/// The key as a bearer token, or as the user name of basic authentication: <https://docs.stripe.com/api/authentication>.
fn check_key(headers: &HeaderMap, secret: &str) -> Result<()> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, rest) = authorization.split_once(' ').unwrap_or_default();
    let given = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => rest.trim().to_owned(),
        "basic" => basic_user(rest.trim()),
        _ => String::new(),
    };
    if given.is_empty() {
        return Err(ApiError::no_key());
    }
    if Sha256::digest(&given) == Sha256::digest(secret) { Ok(()) } else { Err(ApiError::wrong_key(&given)) }
}

/// The name of base64 `name:password` (RFC 7617); empty when it is not that.
fn basic_user(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in encoded.trim_end_matches('=').bytes() {
        let sextet = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return String::new(),
        };
        bits = (bits << 6) | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
            bits &= (1 << count) - 1;
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    text.split_once(':').map_or(text.clone(), |(user, _)| user.to_owned())
}

impl FromRequest<Sandbox> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, sandbox: &Sandbox) -> Result<Self> {
        let (head, body) = request.into_parts();
        let changes = head.method == Method::POST;
        let encoded =
            if changes { read(body).await? } else { head.uri.query().unwrap_or_default().as_bytes().to_vec() };
        let mut form = Form::parse(&encoded)?;
        let key = head.headers.get(IDEMPOTENCY_KEY).filter(|_| changes).and_then(|value| value.to_str().ok());
        Ok(Self {
            now: now(),
            request_id: head.extensions.get::<RequestId>().map_or_else(|| new_id("req_"), |id| id.0.clone()),
            idempotency_key: key.filter(|key| !key.is_empty()).map(str::to_owned),
            public_url: sandbox.config().public_url.trim_end_matches('/').to_owned(),
            fingerprint: fingerprint(&head.method, head.uri.path(), &encoded),
            expand: form.texts("expand")?,
            form,
        })
    }
}

async fn read(body: Body) -> Result<Vec<u8>> {
    let body = Limited::new(body, 256 * 1024).collect().await;
    let body = body.map_err(|error| ApiError::invalid(format!("The request's body could not be read: {error}.")))?;
    Ok(body.to_bytes().to_vec())
}

/// The same for the same parameters, in whatever order and encoding they come.
fn fingerprint(method: &Method, path: &str, encoded: &[u8]) -> String {
    let params: BTreeMap<_, _> = form_urlencoded::parse(encoded).collect();
    hex::encode(Sha256::digest(format!("{method} {path} {params:?}")))
}

impl Sandbox {
    /// Answers a request that only reads. Overdue sessions are expired first.
    pub fn show(&self, call: Call, look: impl FnOnce(&Data, Call) -> Result<Value>) -> Response {
        self.tick(call.now);
        let result = look(&self.data(), call);
        result.map_or_else(IntoResponse::into_response, |value| Json(value).into_response())
    }
}

/// Finishes an answer: expands what the caller asked to have expanded.
///
/// # Errors
/// 400 for a property that cannot be expanded.
pub fn finish(data: &Data, mut value: Value, expand: &[String]) -> Result<Value> {
    for path in expand {
        expand::expand(data, &mut value, path)?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("c2tfdGVzdDo=", "sk_test")]
    #[case("c2tfdGVzdF9zYW5kYm94Og==", "sk_test_sandbox")]
    #[case("YTpi", "a")]
    #[case("!", "")]
    fn basic_authentication_carries_the_key_as_the_user(#[case] encoded: &str, #[case] user: &str) {
        assert_eq!(basic_user(encoded), user);
    }

    #[test]
    fn the_order_of_parameters_does_not_matter_to_a_key() {
        let print = |body: &str| fingerprint(&Method::POST, "/v1/refunds", body.as_bytes());
        assert_eq!(print("a=1&b[c]=2"), print("b%5Bc%5D=2&a=1"));
        assert_ne!(print("a=1"), print("a=2"));
    }
}
