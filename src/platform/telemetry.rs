//! Logging: JSON lines in production, readable text otherwise. Messages are sentences; identifiers are fields.

use axum::extract::Request;
use http::Response;
use std::time::Duration;
use tracing::Span;
use tracing_subscriber::EnvFilter;

use crate::platform::request_id;

/// Initializes logging. `RUST_LOG` sets the levels, in the syntax of `tracing-subscriber`.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,leptos=warn,reactive_graph=error"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { logs.json().flatten_event(true).init() } else { logs.compact().with_target(false).init() }
}

/// Returns the span of a request, whose fields are in each of its log lines. It has only the path, since a query may contain tokens.
pub fn span(request: &Request) -> Span {
    let id = request_id::of(request.extensions());
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// Logs a response with its status and duration.
pub fn log_response<B>(response: &Response<B>, duration: Duration, _: &Span) {
    let (status, micros) = (response.status().as_u16(), u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    if status >= 500 {
        tracing::warn!(status, micros, "Sent a response");
    } else {
        tracing::debug!(status, micros, "Sent a response");
    }
}
