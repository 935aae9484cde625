//! A reference: what our log knows a request by, and what somebody says who writes to us about it. Each request gets one of our own; what
//! a client calls its request is nobody's business, and does not get into the log.

use std::panic::AssertUnwindSafe;

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use futures::FutureExt;
use http::{Extensions, HeaderName, StatusCode, header::CONTENT_TYPE};
use uuid::Uuid;

use crate::error::Error;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone, Copy, Debug)]
pub struct Reference(Uuid);

impl Reference {
    pub fn of(request: &Extensions) -> String {
        request.get::<Self>().map(|reference| reference.0.to_string()).unwrap_or_default()
    }
}

/// Gives a request its reference, and the answer too.
pub async fn give(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(HEADER);
    let reference = Uuid::new_v4();
    request.extensions_mut().insert(Reference(reference));
    let mut response = next.run(request).await;
    if let Ok(value) = reference.to_string().parse() {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Makes an answer of what fails: of a panic, and of a failure that has no words. It says the reference, and no cause.
pub async fn say(request: Request, next: Next) -> Response {
    let reference = Reference::of(request.extensions());
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing it could say");
            tracing::error!(panic = said, "A request panicked");
            return panicked(&reference);
        }
    };
    let silent = !response.headers().contains_key(CONTENT_TYPE) && response.body().size_hint().exact() == Some(0);
    if !(response.status().is_server_error() && silent) {
        return response;
    }
    let error = if response.status() == StatusCode::SERVICE_UNAVAILABLE { Error::Unavailable } else { Error::Internal };
    let (mut parts, body) = (error.to_string() + "\nReference: " + &reference).into_response().into_parts();
    (parts.status, parts.version) = (response.status(), response.version());
    parts.headers.extend(response.headers().clone());
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(body))
}

/// What a person sees when a request panicked: the page that needs nothing to work.
fn panicked(reference: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>That did not work</title><h1>That did not work</h1><p>{}</p><p>Reference: {reference}</p>\
         <p><a href=\"/\">Start page</a></p>",
        Error::Internal
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(body)).into_response()
}
