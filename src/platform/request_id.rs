//! Request id: generated per request, logged with every line of the request, and shown on error pages, so that a report of a user leads to
//! the log. An id that a client sends is removed, so that clients cannot write into the log.

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

/// Removes the request id that a client sent, which `SetRequestIdLayer` would use otherwise.
pub fn remove_from_client(mut request: Request) -> Request {
    request.headers_mut().remove(HEADER);
    request
}

/// Marks a response to a request that panicked.
#[derive(Clone, Copy)]
struct Panicked;

/// Logs a panic that `CatchPanicLayer` caught. The layer does not pass the request on, so [`fill_error_body`] renders the page with the
/// request id.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(panic = message, "A request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, Extension(Panicked)).into_response()
}

/// Writes the bodies of failed responses that have none: of a panic, and of a server error without a body. They contain the request id and
/// no cause.
pub async fn fill_error_body(request: Request, next: Next) -> Response {
    let id = of(request.extensions());
    let response = next.run(request).await;
    if response.extensions().get::<Panicked>().is_some() {
        return panic_page(&id);
    }
    let is_empty = !response.headers().contains_key(CONTENT_TYPE) && response.body().size_hint().exact() == Some(0);
    if !(response.status().is_server_error() && is_empty) {
        return response;
    }
    let error = if response.status() == StatusCode::SERVICE_UNAVAILABLE { Error::Unavailable } else { Error::Internal };
    let (mut parts, body) = (error.to_string() + "\nReference: " + &id).into_response().into_parts();
    (parts.status, parts.version) = (response.status(), response.version());
    parts.headers.extend(response.headers().clone());
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(body))
}

/// The page of a request that panicked. It depends on nothing that could fail again.
fn panic_page(id: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>That did not work</title><h1>That did not work</h1><p>{}</p><p>Reference: {id}</p>\
         <p><a href=\"/\">Start page</a></p>",
        Error::Internal
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(body)).into_response()
}
