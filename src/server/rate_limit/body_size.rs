//! The body of a request, up to a size: told by its header, or counted as it comes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};

/// The largest body that anyone may send, in bytes. Webhooks and forms set themselves smaller limits.
pub const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// Answers 413 to what is larger. Whoever reads the body sees it break off there, and what they answer to that is not sent; with
/// `RequestBodyLimitLayer` of tower-http their answer would be.
pub async fn limit(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > MAX_BODY_BYTES {
        return too_large();
    }
    let broke = Arc::new(AtomicBool::new(false));
    let seen = broke.clone();
    let limited = |body: Body| {
        let limited = Limited::new(body, usize::try_from(MAX_BODY_BYTES).unwrap_or(usize::MAX));
        Body::new(limited.map_err(move |error| {
            seen.fetch_or(error.is::<http_body_util::LengthLimitError>(), Ordering::Relaxed);
            axum::Error::new(error)
        }))
    };
    let response = next.run(request.map(limited)).await;
    if broke.load(Ordering::Relaxed) { too_large() } else { response }
}

pub fn too_large() -> Response {
    (StatusCode::PAYLOAD_TOO_LARGE, "That is more than we take in at once. Send less.").into_response()
}
