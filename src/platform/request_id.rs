//! A reference: what our log knows a request by, and what somebody says who writes to us about it. Each request gets one of our own; what
//! a client calls its request is nobody's business, and does not get into the log.

use std::any::Any;

use axum::{
    Extension,
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{Extensions, HeaderName, StatusCode, header::CONTENT_TYPE};
use tower_http::request_id::RequestId;

use crate::error::Error;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the request id that `SetRequestIdLayer` put into a request.
pub fn of(request: &Extensions) -> String {
    let id = request.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// Removes the request id that a client sent, which `SetRequestIdLayer` would take over otherwise.
pub fn remove_from_client(mut request: Request) -> Request {
    request.headers_mut().remove(HEADER);
    request
}

/// Marks a response to a request that panicked.
#[derive(Clone, Copy)]
struct Panicked;

/// Logs a panic that `CatchPanicLayer` caught. The layer does not pass the request on, so [`say`] writes the page with its reference.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing it could say");
    tracing::error!(panic = said, "A request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, Extension(Panicked)).into_response()
}

/// Makes an answer of what fails: of a panic, and of a failure that has no words. It says the reference, and no cause.
pub async fn add_header(request: Request, next: Next) -> Response {
    let reference = of(request.extensions());
    let response = next.run(request).await;
    if response.extensions().get::<Panicked>().is_some() {
        return panic_page(&reference);
    }
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
fn panic_page(reference: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>That did not work</title><h1>That did not work</h1><p>{}</p><p>Reference: {reference}</p>\
         <p><a href=\"/\">Start page</a></p>",
        Error::Internal
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(body)).into_response()
}
