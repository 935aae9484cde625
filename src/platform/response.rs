//! Responses of pages and server functions: status, redirects, cookies, flash messages.

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

/// A cookie that came with the call under way.
pub fn request_cookie(name: &str) -> Option<String> {
    use_context::<Parts>().and_then(|parts| cookies::get(&parts.headers, name))
}

/// Gives the page that is rendered the status of an error, and says when to try again.
pub fn set_response_status(error: &Error) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(error.status())) {
        response.set_status(status);
        if let Some(wait) = error.retry_after() {
            response.insert_header(RETRY_AFTER, wait.into());
        }
    }
}

/// One that shows beside a field on a page, where that keeps its status and header; a call fails with it.
///
/// # Errors
/// The error, where it is a call from the browser that is answered.
pub fn status_or_fail(error: &Error) -> Result<()> {
    if use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/")) {
        return Err(error.clone());
    }
    set_response_status(error);
    Ok(())
}

/// What our log knows the request under way by.
pub fn request_id() -> Option<String> {
    use_context::<Parts>().as_ref().map(|parts| request_id::of(&parts.extensions))
}

/// Gives a failed server function its status, and returns the error as it goes out. A form posted without JavaScript is redirected
/// instead, and keeps that status.
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
        (Error::Internal, Some(reference)) => Error::InternalWithId(reference),
        _ => error.clone(),
    }
}

/// `303 See Other`: the form was taken, go on with a GET there.
pub fn see_other(to: &str) -> Response {
    match to.parse::<HeaderValue>() {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The answer, and one sentence of at most 200 characters that the next page says: for a change that ends in a redirect.
pub fn with_flash(response: Response, config: &Config, words: &str) -> Response {
    with_cookie(response, cookies::flash(config, words))
}

/// Takes the flash away from whom it was shown: a page shows it, a redirect on the way to one does not.
pub fn forget_flash(response: Response, config: &Config) -> Response {
    let html = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if response.status().is_redirection() || !response.headers().get(CONTENT_TYPE).is_some_and(html) {
        return response;
    }
    with_cookie(response, cookies::no_flash(config))
}
