//! Pages that answer a posted form: the same page again with what was typed, or a way on.

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE},
    request::Parts,
};
use http_body_util::{BodyExt, Collected, Limited};
use leptos::{nonce::Nonce, prelude::*};

use super::{call, config::Config, cookies, limits::door, reference, state::AppState};
use crate::{
    app::{Frame, shell},
    error::Error,
    form::Submitted,
    paths,
};

/// Names and values of a posted form, in order.
pub struct Posted(pub Vec<(String, String)>);

/// The most a form of ours can hold, in bytes: 20,000 characters of any script, each as twelve letters of an address.
const LIMIT: usize = 256 * 1024;
/// The most that is read of a form with a file, in bytes.
const WHOLE: usize = 64 * 1024 * 1024;

impl Posted {
    /// Reads a form's body and hands the request back without it. One that is larger than 256 KiB, or breaks off, is empty:
    /// the form's own rules refuse that.
    pub async fn read(request: Request) -> (Request, Self) {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map(Collected::to_bytes).unwrap_or_default();
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        (Request::from_parts(parts, Body::empty()), Self(fields))
    }

    /// Reads a form that may carry a file in the field `file`, and hands the request back without its body. Of a file, no more
    /// than `most` bytes and one are kept, so that a larger one is seen to be; an empty one was not chosen. A browser reads no
    /// answer before it has sent everything, so what is too much is read as well, up to 64 MiB.
    pub async fn read_with_file(request: Request, file: &str, most: usize) -> (Request, Self, Option<Vec<u8>>) {
        let multipart = |kind: &HeaderValue| kind.as_bytes().starts_with(b"multipart/form-data");
        if !request.headers().get(CONTENT_TYPE).is_some_and(multipart) {
            let (request, form) = Self::read(request).await;
            return (request, form, None);
        }
        let (parts, body) = request.into_parts();
        let rest = Request::from_parts(parts.clone(), Body::empty());
        let (mut fields, mut chosen, mut read) = (Vec::new(), None, 0);
        let request = Request::from_parts(parts, body);
        if let Ok(mut multipart) = Multipart::from_request(request, &()).await {
            while let Ok(Some(mut field)) = multipart.next_field().await {
                let Some(name) = field.name().map(str::to_owned) else { continue };
                let keeps = if name == file { most + 1 } else { LIMIT };
                let mut bytes = Vec::new();
                while let Ok(Some(chunk)) = field.chunk().await {
                    read += chunk.len();
                    bytes.extend_from_slice(&chunk[..chunk.len().min(keeps - bytes.len())]);
                    if read > WHOLE {
                        break;
                    }
                }
                if name == file {
                    chosen = Some(bytes).filter(|bytes| !bytes.is_empty()).or(chosen);
                } else {
                    fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
                }
                if read > WHOLE {
                    break;
                }
            }
        }
        (rest, Self(fields), chosen)
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field that may be sent more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Puts a value in the place of what was sent, for the form that comes back.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), value));
    }
}

/// The page of this request again, with what was typed and why it was refused.
pub async fn again(state: &AppState, request: Request, posted: Posted, error: &Error) -> Response {
    let told = match error {
        Error::Internal => &Error::Failed(reference::of(request.extensions())),
        error => error,
    };
    let mut response = render(state, request, Submitted::refused(posted.0, told)).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(wait) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, wait.into());
        }
    }
    response
}

/// The page of this request again, with what was typed and nothing refused: it says what happened.
pub async fn shown(state: &AppState, request: Request, posted: Posted) -> Response {
    render(state, request, Submitted::of(posted.0)).await
}

async fn render(state: &AppState, request: Request, submitted: Submitted) -> Response {
    let (context, options) = (state.clone(), state.leptos.clone());
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(submitted.clone());
        },
        move || shell(options.clone()),
    );
    handler(request).await.into_response()
}

/// Instead of a file: visitors sign in and come back to `here`, everybody else reads why not.
pub fn no_file(error: &Error, here: &str) -> Response {
    if *error == Error::Unauthenticated {
        return see_other(&paths::sign_in(here));
    }
    door::refuse(error)
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

/// What the last request says on this page.
pub fn flash() -> Option<String> {
    let https = use_context::<AppState>()?.config.is_https();
    cookies::get_flash(&use_context::<Parts>()?.headers, https)
}

/// Takes the flash away from whom it was shown: a page shows it, a redirect on the way to one does not.
pub fn forget_flash(response: Response, config: &Config) -> Response {
    let html = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if response.status().is_redirection() || !response.headers().get(CONTENT_TYPE).is_some_and(html) {
        return response;
    }
    with_cookie(response, cookies::no_flash(config))
}

/// Begins a page: gives its scripts the nonce of its policy, and returns the theme for `<html data-theme>`.
pub fn begin() -> Option<String> {
    if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
        provide_context(nonce);
    }
    theme()
}

/// Who looks, at which school, in which light.
pub fn frame() -> Frame {
    let told = use_context::<AppState>().map(|state| (state.school.names(), state.identity.accounts()));
    let (school, accounts) = told.unwrap_or_default();
    Frame { viewer: call::viewer_of_page(), school, accounts, theme: theme() }
}

fn theme() -> Option<String> {
    let parts = use_context::<Parts>()?;
    cookies::get(&parts.headers, cookies::THEME).filter(|theme| theme == "paper" || theme == "night")
}
