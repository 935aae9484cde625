//! Logs: one sentence each, with identifiers as fields. JSON in production, for people otherwise.

use axum::extract::Request;
use http::Response;
use std::time::Duration;
use tracing::Span;
use tracing_subscriber::EnvFilter;

use crate::platform::request_id;

/// Starts logging. `RUST_LOG` decides how much, in the syntax of `tracing-subscriber`.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn,leptos=warn,reactive_graph=error"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { logs.json().flatten_event(true).init() } else { logs.compact().with_target(false).init() }
}

/// What every line of a request carries. The path only: a query may hold what is nobody's business.
pub fn span(request: &Request) -> Span {
    let id = request_id::of(request.extensions());
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

pub fn answered<B>(response: &Response<B>, took: Duration, _: &Span) {
    let (status, micros) = (response.status().as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    if status >= 500 {
        tracing::warn!(status, micros, "Answered");
    } else {
        tracing::debug!(status, micros, "Answered");
    }
}
