//! Pages that answer a posted form: the same page again with what was typed, or a way on.

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
    error::Error,
    form::FormState,
    paths,
    platform::{request_id, response::see_other},
    server::{rate_limit::load_shedding, state::AppState},
};

/// Names and values of a posted form, in order.
pub struct PostedForm(pub Vec<(String, String)>);

/// The most a form of ours can hold, in bytes: 20,000 characters of any script, each as twelve letters of an address.
const MAX_FORM_BYTES: usize = 256 * 1024;
/// The most that is read of a form with a file, in bytes.
const MAX_MULTIPART_BYTES: usize = 64 * 1024 * 1024;

impl PostedForm {
    /// Reads a form's body and hands the request back without it. One that is larger than 256 KiB, or breaks off, is empty:
    /// the form's own rules refuse that.
    pub async fn read(request: Request) -> (Request, Self) {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, MAX_FORM_BYTES).collect().await.map(Collected::to_bytes).unwrap_or_default();
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
                let keeps = if name == file { most + 1 } else { MAX_FORM_BYTES };
                let mut bytes = Vec::new();
                while let Ok(Some(chunk)) = field.chunk().await {
                    read += chunk.len();
                    bytes.extend_from_slice(&chunk[..chunk.len().min(keeps - bytes.len())]);
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
pub async fn render_invalid(state: &AppState, request: Request, posted: PostedForm, error: &Error) -> Response {
    let told = match error {
        Error::Internal => &Error::InternalWithId(request_id::of(request.extensions())),
        error => error,
    };
    let mut response = render_page(state, request, FormState::refused(posted.0, told)).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(wait) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, wait.into());
        }
    }
    response
}

/// The page of this request again, with what was typed and nothing refused: it says what happened.
pub async fn render(state: &AppState, request: Request, posted: PostedForm) -> Response {
    render_page(state, request, FormState::of(posted.0)).await
}

async fn render_page(state: &AppState, request: Request, submitted: FormState) -> Response {
    let (context, options, shell) = (state.clone(), state.leptos.clone(), state.shell);
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
    load_shedding::reject(error)
}
