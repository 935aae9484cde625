//! Responses to form posts: the page again with errors (422), or a redirect (303).

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::{BodyExt, Collected, Limited};
use leptos::prelude::*;

use crate::{
    error::{Error, Result},
    form::FormState,
    paths,
    platform::{
        request_id,
        response::{see_other, with_flash},
    },
    server::{rate_limit::load_shedding, state::AppState},
};

/// The names and values of a posted form, in order.
pub struct PostedForm(pub Vec<(String, String)>);

/// The largest form body: 20,000 characters of any script, each percent-encoded as twelve bytes.
const MAX_FORM_BYTES: usize = 256 * 1024;
/// The largest body of a form with a file that is read to its end.
const MAX_MULTIPART_BYTES: usize = 64 * 1024 * 1024;

impl PostedForm {
    /// Reads the form in a request's body, and returns the request without it. A body that is larger than [`MAX_FORM_BYTES`] or
    /// incomplete is an empty form, which the form's own rules reject.
    pub async fn read(request: Request) -> (Request, Self) {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, MAX_FORM_BYTES).collect().await.map(Collected::to_bytes).unwrap_or_default();
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        (Request::from_parts(parts, Body::empty()), Self(fields))
    }

    /// Reads a form that may have a file in the field `file`, and returns the request without its body. Of a file, at most
    /// `max_bytes` and one more are stored, so that the caller can see that it is too large; an empty file was not chosen. A browser
    /// reads no response before it has sent everything, so a body that is too large is read as well, up to [`MAX_MULTIPART_BYTES`].
    pub async fn read_with_file(request: Request, file: &str, max_bytes: usize) -> (Request, Self, Option<Vec<u8>>) {
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
                let limit = if name == file { max_bytes + 1 } else { MAX_FORM_BYTES };
                let mut bytes = Vec::new();
                while let Ok(Some(chunk)) = field.chunk().await {
                    read += chunk.len();
                    bytes.extend_from_slice(&chunk[..chunk.len().min(limit - bytes.len())]);
                    if read > MAX_MULTIPART_BYTES {
                        break;
                    }
                }
                if name == file {
                    chosen = Some(bytes).filter(|bytes| !bytes.is_empty()).or(chosen);
                } else {
                    fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
                }
                if read > MAX_MULTIPART_BYTES {
                    break;
                }
            }
        }
        (rest, Self(fields), chosen)
    }

    /// Returns the first value of a field, or an empty text.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Returns every value of a field that may be sent more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Replaces the value of a field, for the form that is rendered again.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), value));
    }
}

/// Responds to a form: redirects with a message that the next page shows, or renders the page again with what was typed and
/// why it was rejected.
pub async fn respond(
    state: &AppState,
    request: Request,
    posted: PostedForm,
    saved: Result<(String, impl AsRef<str>)>,
) -> Response {
    match saved {
        Ok((to, message)) => with_flash(see_other(&to), &state.config, message.as_ref()),
        Err(error) => render_invalid(state, request, posted, &error).await,
    }
}

/// Renders the page of this request again, with what was typed and why it was rejected.
pub async fn render_invalid(state: &AppState, request: Request, posted: PostedForm, error: &Error) -> Response {
    let shown = match error {
        Error::Internal => &Error::InternalWithId(request_id::of(request.extensions())),
        error => error,
    };
    let mut response = render_page(state, request, FormState::rejected(posted.0, shown)).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(wait) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, wait.into());
        }
    }
    response
}

/// Renders the page of this request again, with what was typed and no error: the page says what happened.
pub async fn render(state: &AppState, request: Request, posted: PostedForm) -> Response {
    render_page(state, request, FormState::with_values(posted.0)).await
}

async fn render_page(state: &AppState, request: Request, form: FormState) -> Response {
    let (context, options, shell) = (state.clone(), state.leptos.clone(), state.shell);
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(form.clone());
        },
        move || shell(options.clone()),
    );
    handler(request).await.into_response()
}

/// Responds instead of a file: visitors sign in and return to `return_to`, everybody else reads the error.
pub fn no_file(error: &Error, return_to: &str) -> Response {
    if *error == Error::Unauthenticated {
        return see_other(&paths::sign_in(return_to));
    }
    load_shedding::reject(error)
}
