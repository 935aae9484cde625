//! Middleware that limits the size of a request's body, by its header or by counting.

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

/// The largest body of any request. Webhooks and forms have smaller limits of their own.
pub const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// Responds with 413 to a larger body. A handler that reads it gets an error, and its own response to that is replaced;
/// `RequestBodyLimitLayer` of tower-http would send it.
pub async fn limit(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > MAX_BODY_BYTES {
        return too_large();
    }
    let exceeded = Arc::new(AtomicBool::new(false));
    let flag = exceeded.clone();
    let limited = |body: Body| {
        let limited = Limited::new(body, usize::try_from(MAX_BODY_BYTES).unwrap_or(usize::MAX));
        Body::new(limited.map_err(move |error| {
            flag.fetch_or(error.is::<http_body_util::LengthLimitError>(), Ordering::Relaxed);
            axum::Error::new(error)
        }))
    };
    let response = next.run(request.map(limited)).await;
    if exceeded.load(Ordering::Relaxed) { too_large() } else { response }
}

/// Returns the response to a body that is too large.
pub fn too_large() -> Response {
    (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large. Send less data.").into_response()
}
