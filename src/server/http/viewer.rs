//! Extractors of who sends a request: [`Viewer`], [`User`] for someone signed in, and [`AdminUser`]. A handler takes the one it
//! needs as an argument, so that a handler that forgot to ask does not compile. They read the request's head only: its body
//! stays for the handler.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::Response,
};
use http::{Extensions, request::Parts, uri::PathAndQuery};
use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, Result},
    paths,
    platform::response,
    server::{
        http::form_post::{self, PostedForm},
        rate_limit::load_shedding,
        state::AppState,
    },
    users::{User, Viewer},
};

/// A longer path is cut in the log and the audit log.
const MAX_LOGGED_PATH_CHARS: usize = 200;

/// An admin. A student whose request has a handler with this argument leaves a line in the audit log.
pub struct AdminUser(pub User);

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match of(&parts.extensions) {
            Ok(viewer) => Ok(viewer),
            Err(error) => Err(reject(parts, state, &error).await),
        }
    }
}

impl FromRequestParts<AppState> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match of(&parts.extensions).and_then(|viewer| viewer.signed_in().cloned()) {
            Ok(user) => Ok(user),
            Err(error) => Err(reject(parts, state, &error).await),
        }
    }
}

impl FromRequestParts<AppState> for AdminUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        match find_admin(parts, &state.db).await {
            Ok(admin) => Ok(Self(admin)),
            Err(error) => Err(reject(parts, state, &error).await),
        }
    }
}

/// Returns the viewer that `request_context::identify` stored in a request.
///
/// # Errors
/// [`Error::Unavailable`] when the database or Clerk did not answer, so that the sender is not known.
pub fn of(extensions: &Extensions) -> Result<Viewer> {
    extensions.get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal))
}

/// Returns the admin who sends a request. A student gets a line in the audit log, which names the path.
///
/// # Errors
/// [`Error::Unauthenticated`] for a visitor, [`Error::Forbidden`] for a student, or the errors of [`of`].
pub async fn find_admin(parts: &Parts, db: &PgPool) -> Result<User> {
    let viewer = of(&parts.extensions)?;
    let user = viewer.signed_in()?;
    if viewer.is_admin() {
        return Ok(user.clone());
    }
    let path: String = parts.uri.path().chars().take(MAX_LOGGED_PATH_CHARS).collect();
    tracing::warn!(user = %user.id, path, "Rejected a user who is no admin");
    audit::queries::insert_rejection(db, user.id, &path).await?;
    Err(Error::Forbidden)
}

/// Responds to a request whose sender is not the one that its handler needs. A visitor signs in and comes back; a student gets
/// the page as students see it; when the sender is not known, the response is the error.
async fn reject(parts: &Parts, state: &AppState, error: &Error) -> Response {
    if *error == Error::Unauthenticated {
        let here = parts.uri.path_and_query().map_or(paths::HOME, PathAndQuery::as_str);
        return response::see_other(&paths::sign_in(here));
    }
    let request = Request::from_parts(parts.clone(), Body::empty());
    let page = form_post::render_invalid(state, request, PostedForm(Vec::new()), error).await;
    // Without a known viewer, a page may redirect to the sign-in page, which does not help during an outage.
    if error.status() < 500 || page.status().is_server_error() { page } else { load_shedding::reject(error) }
}
