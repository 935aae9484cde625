//! A call: what a server function starts with. Who asks was found out once per request, by [`identify`].

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
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
        state::AppState,
    },
    users::{User, Viewer},
};

pub struct RequestContext {
    pub db: PgPool,
    pub viewer: Viewer,
    pub state: AppState,
}

impl RequestContext {
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
    pub async fn admin() -> Result<AdminContext> {
        let Self { db, viewer, state } = Self::current().await?;
        let path = use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
        let admin = viewer::require_admin(&db, &viewer, &path).await?;
        Ok(AdminContext { db, admin, state })
    }
}

/// A call of an admin.
pub struct AdminContext {
    pub db: PgPool,
    pub admin: User,
    pub state: AppState,
}

/// Finds out who sends a request, before anything of ours sees it, and gives a page its policy.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let asked = RequestParts { method: request.method(), uri: request.uri(), headers: request.headers() };
    let (viewer, cookies) = match state.identity.authenticate(&state.db, &asked).await {
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
    script::widen(response.headers_mut(), state.config.clerk.as_ref(), &path);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if flash { response::forget_flash(response, &state.config) } else { response }
}
