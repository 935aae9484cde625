//! A call: what a server function starts with. Who asks was found out once per request, by [`identify`].

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    StatusCode,
    header::{ACCEPT, RETRY_AFTER, SET_COOKIE},
    request::Parts,
};
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::ResponseOptions;
use sqlx::PgPool;

use super::{cookies, page, reference, security, state::AppState};
use crate::{
    admin::audit,
    error::{Error, Result},
    users::{
        User, Viewer,
        clerk::{handshake::Asked, script},
        identity::Arrival,
    },
};

pub struct Call {
    pub db: PgPool,
    pub viewer: Viewer,
    pub state: AppState,
}

impl Call {
    /// The call under way.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database could not say who asks.
    #[expect(
        clippy::unused_async,
        reason = "so that every server function starts with the same line, whatever it needs later"
    )]
    pub async fn current() -> Result<Self> {
        let state = use_context::<AppState>().ok_or(Error::Internal)?;
        let viewer = use_context::<Parts>()
            .and_then(|parts| parts.extensions.get::<Result<Viewer>>().cloned())
            .ok_or(Error::Internal)??;
        Ok(Self { db: state.db.clone(), viewer, state })
    }

    /// The call under way, of an admin: what every server function of the back office starts with. A student who tries leaves a
    /// line in the audit log.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a visitor, [`Error::Forbidden`] for a student.
    pub async fn admin() -> Result<AdminCall> {
        let Self { db, viewer, state } = Self::current().await?;
        let path = use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
        let admin = audit::let_in(&db, &viewer, &path).await?;
        Ok(AdminCall { db, admin, state })
    }
}

/// A call of an admin.
pub struct AdminCall {
    pub db: PgPool,
    pub admin: User,
    pub state: AppState,
}

/// Finds out who sends a request, before anything of ours sees it, and gives a page its policy.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let asked = Asked { method: request.method(), uri: request.uri(), headers: request.headers() };
    let (viewer, cookies) = match state.identity.arrive(&state.db, &asked).await {
        Arrival::Here { viewer, cookies } => (viewer, cookies),
        Arrival::Elsewhere(response) => return response,
    };
    let path = request.uri().path().to_owned();
    let nonce = Nonce::new();
    request.extensions_mut().insert(viewer);
    request.extensions_mut().insert(nonce.clone());
    let flash = cookies::get_flash(request.headers(), state.config.is_https()).is_some();
    let mut response = next.run(request).await;
    security::guard_page(&mut response, &nonce, &state.config);
    script::widen(response.headers_mut(), state.config.clerk.as_ref(), &path);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if flash { page::forget_flash(response, &state.config) } else { response }
}

/// A cookie that came with the call under way.
pub fn cookie_of_call(name: &str) -> Option<String> {
    use_context::<Parts>().and_then(|parts| cookies::get(&parts.headers, name))
}

/// The viewer of the page that is rendered; a visitor where it cannot be known.
pub fn viewer_of_page() -> Viewer {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Result<Viewer>>().cloned())
        .and_then(Result::ok)
        .unwrap_or_default()
}

/// Gives the page that is rendered the status of an error, and says when to try again.
pub fn tell_of_page(error: &Error) {
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
pub fn tell_beside_field(error: &Error) -> Result<()> {
    if use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/")) {
        return Err(error.clone());
    }
    tell_of_page(error);
    Ok(())
}

/// What our log knows the request under way by.
pub fn reference() -> Option<String> {
    use_context::<Parts>().as_ref().map(|parts| reference::of(&parts.extensions))
}

/// Gives a failed server function its status, and returns the error as it goes out. A form posted without JavaScript is redirected
/// instead, and keeps that status.
pub fn tell_of_call(error: &Error) -> Error {
    let wants_html = use_context::<Parts>().is_some_and(|parts| {
        parts
            .headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
    });
    if !wants_html {
        tell_of_page(error);
    }
    match (error, reference()) {
        (Error::Internal, Some(reference)) => Error::Failed(reference),
        _ => error.clone(),
    }
}
