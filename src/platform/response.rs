//! Parts of responses of pages and server functions: status, redirects, cookies and flash messages.

use crate::{
    error::{Error, Result},
    platform::{config::Config, cookies, request_id},
};
use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

/// Returns a cookie of the current request.
pub fn request_cookie(name: &str) -> Option<String> {
    use_context::<Parts>().and_then(|parts| cookies::get(&parts.headers, name))
}

/// Sets the status of the current response to that of an error, and `Retry-After` where the error has it.
pub fn set_response_status(error: &Error) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(error.status())) {
        response.set_status(status);
        if let Some(wait) = error.retry_after() {
            response.insert_header(RETRY_AFTER, wait.into());
        }
    }
}

/// Reports an error that a page shows in its text: a page is rendered with the status of the error, a call from the browser fails.
///
/// # Errors
/// The error, when the current request is a call of a server function.
pub fn status_or_fail(error: &Error) -> Result<()> {
    if use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/")) {
        return Err(error.clone());
    }
    set_response_status(error);
    Ok(())
}

/// Returns the request id of the current request.
pub fn request_id() -> Option<String> {
    use_context::<Parts>().as_ref().map(|parts| request_id::of(&parts.extensions))
}

/// Sets the status of a failed server function, and returns the error for the client, an internal one with the request id. A form that was
/// posted without JavaScript is redirected instead and keeps the status of the redirect.
pub fn prepare_error_response(error: &Error) -> Error {
    let wants_html = use_context::<Parts>().is_some_and(|parts| {
        parts
            .headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
    });
    if !wants_html {
        set_response_status(error);
    }
    match (error, request_id()) {
        (Error::Internal, Some(id)) => Error::InternalWithId(id),
        _ => error.clone(),
    }
}

/// Redirects after a form post with `303 See Other`, so that the browser requests the next page with GET.
pub fn see_other(to: &str) -> Response {
    match to.parse::<HeaderValue>() {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Adds a `Set-Cookie` header, if there is one.
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Adds a flash message of at most 200 characters, which the next page shows: for a change that ends in a redirect.
pub fn with_flash(response: Response, config: &Config, message: &str) -> Response {
    with_cookie(response, cookies::flash(config, message))
}

/// Deletes the cookie of the flash message with the page that shows it. A redirect does not show it, and keeps it.
pub fn forget_flash(response: Response, config: &Config) -> Response {
    let is_html = |content_type: &HeaderValue| content_type.as_bytes().starts_with(b"text/html");
    if response.status().is_redirection() || !response.headers().get(CONTENT_TYPE).is_some_and(is_html) {
        return response;
    }
    with_cookie(response, cookies::no_flash(config))
}
