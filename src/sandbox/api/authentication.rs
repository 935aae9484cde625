//! Authentication with the secret key, and the headers of every response: request id and API version.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::sandbox::{
    api::request::RequestId,
    error::{ApiError, Result},
    ids::new_id,
    model::event::API_VERSION,
    store::Sandbox,
};

/// Middleware that gives every request an id, rejects those without the secret key, and logs the response.
pub async fn authenticate(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    let id = new_id("req_");
    let checked = check_key(request.headers(), &sandbox.config().secret_key);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = match checked {
        Err(error) => error.into_response(),
        Ok(()) => next.run(request).await,
    };
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, request = id, "{method} {path} was answered with {status}.");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("request-id", id);
    }
    response.headers_mut().insert("stripe-version", HeaderValue::from_static(API_VERSION));
    response
}

/// Checks the key, sent as a bearer token or as the user of basic authentication: <https://docs.stripe.com/api/authentication>.
fn check_key(headers: &HeaderMap, secret: &str) -> Result<()> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, rest) = authorization.split_once(' ').unwrap_or_default();
    let key = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => rest.trim().to_owned(),
        "basic" => basic_user(rest.trim()),
        _ => String::new(),
    };
    if key.is_empty() {
        return Err(ApiError::no_key());
    }
    if Sha256::digest(&key) == Sha256::digest(secret) { Ok(()) } else { Err(ApiError::wrong_key(&key)) }
}

/// Decodes base64 `user:password` (RFC 7617) and returns the user, or an empty text when it is malformed.
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
}
