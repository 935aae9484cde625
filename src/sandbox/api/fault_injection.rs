//! Middleware that delays and fails calls of the API, as the fault settings say.

use std::{io, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::stream;

use crate::sandbox::{error::ApiError, model::fault_injection::ApiFailure, store::Sandbox};

/// How long a call that times out is left without a response: longer than clients wait.
const HANG_TIMEOUT: Duration = Duration::from_mins(1);

/// Middleware that delays and fails calls of the API.
pub async fn inject(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let (latency, failure) = sandbox.change_faults(|faults| (faults.latency_ms, faults.next_failure()));
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    match failure {
        None => next.run(request).await,
        Some(ApiFailure::Error) => ApiError::internal("The sandbox injected this failure.").into_response(),
        Some(ApiFailure::RateLimit) => ApiError::rate_limited().into_response(),
        Some(ApiFailure::Timeout) => {
            tokio::time::sleep(HANG_TIMEOUT).await;
            broken_response()
        }
        Some(ApiFailure::ConnectionLost) => {
            next.run(request).await;
            broken_response()
        }
    }
}

/// Builds a response whose body fails, so that the connection is closed.
fn broken_response() -> Response {
    let error = io::Error::new(io::ErrorKind::ConnectionReset, "the sandbox injected a lost connection");
    Body::from_stream(stream::iter([Err::<Vec<u8>, _>(error)])).into_response()
}
