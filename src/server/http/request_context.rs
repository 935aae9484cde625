//! Context of a server function: database, viewer and state. The viewer is authenticated once per request, by [`identify`].

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{header::SET_COOKIE, request::Parts};
use leptos::{nonce::Nonce, prelude::*};
use sqlx::PgPool;

use crate::{
    error::{Error, Result},
    identity::{
        authentication::AuthOutcome,
        clerk::{handshake::RequestParts, script},
    },
    platform::{cookies, response},
    server::{
        http::{security_headers, viewer},
        rate_limit::load_shedding,
        state::AppState,
    },
    users::{User, Viewer},
};

/// The context of a server function that anyone may call.
pub struct RequestContext {
    pub db: PgPool,
    pub viewer: Viewer,
    pub state: AppState,
}

/// The context of a server function of the back office. A student who calls one leaves a line in the audit log.
pub struct AdminContext {
    pub db: PgPool,
    pub admin: User,
    pub state: AppState,
}

/// A context that was not extracted: [`Error::Unavailable`] when the sender is not known, for an [`AdminContext`] also
/// [`Error::Unauthenticated`] for a visitor and [`Error::Forbidden`] for a student.
pub struct Rejection(Error);

impl From<Rejection> for Error {
    fn from(Rejection(error): Rejection) -> Self {
        error
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        load_shedding::reject(&self.0)
    }
}

impl FromRequestParts<AppState> for RequestContext {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Rejection> {
        let viewer = viewer::of(&parts.extensions).map_err(Rejection)?;
        Ok(Self { db: state.db.clone(), viewer, state: state.clone() })
    }
}

impl FromRequestParts<AppState> for AdminContext {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Rejection> {
        let admin = viewer::find_admin(parts, &state.db).await.map_err(Rejection)?;
        Ok(Self { db: state.db.clone(), admin, state: state.clone() })
    }
}

/// Extracts the context of the server function that runs: [`RequestContext`] or [`AdminContext`].
///
/// # Errors
/// The extractor's, see [`Rejection`].
pub async fn extract<T>() -> Result<T>
where
    T: FromRequestParts<AppState, Rejection: Into<Error>>,
{
    let (mut parts, state) = use_context::<Parts>().zip(use_context::<AppState>()).ok_or(Error::Internal)?;
    T::from_request_parts(&mut parts, &state).await.map_err(Into::into)
}

/// Middleware that authenticates a request before any handler, and gives a page its content security policy.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let parts = RequestParts { method: request.method(), uri: request.uri(), headers: request.headers() };
    let (viewer, cookies) = match state.identity.authenticate(&state.db, &parts).await {
        AuthOutcome::Continue { viewer, cookies } => (viewer, cookies),
        AuthOutcome::Redirect(response) => return response,
    };
    let path = request.uri().path().to_owned();
    let nonce = Nonce::new();
    request.extensions_mut().insert(viewer);
    request.extensions_mut().insert(nonce.clone());
    let flash = cookies::get_flash(request.headers(), state.config.is_https()).is_some();
    let mut response = next.run(request).await;
    security_headers::guard_page(&mut response, &nonce, &state.config);
    script::extend_policy(response.headers_mut(), state.config.clerk.as_ref(), &path);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if flash { response::forget_flash(response, &state.config) } else { response }
}
