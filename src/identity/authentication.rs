//! Authentication of a request by the configured identity provider. The result is the sender's row of `users`, which has their role.

use axum::{
    http::{HeaderMap, HeaderValue},
    response::Response,
};
use reqwest::Client;
use sqlx::PgPool;

use crate::{
    error::Result,
    identity::{
        clerk::{self, Clerk, handshake::RequestParts},
        local,
    },
    platform::{config::Config, cookies},
    users::{self, Viewer, identity_provider::IdentityProvider},
};

/// The identity provider, chosen once from the configuration.
#[derive(Clone)]
pub enum Identity {
    /// Local accounts: a session cookie, whose name depends on TLS.
    Local { https: bool },
    /// Accounts at Clerk: a token that Clerk signed.
    Clerk(Box<Clerk>),
}

/// The result of authenticating a request.
pub enum AuthOutcome {
    /// The request is handled. `cookies` are set in its response.
    Continue { viewer: Result<Viewer>, cookies: Vec<HeaderValue> },
    /// The browser has to visit another page first.
    Redirect(Response),
}

impl AuthOutcome {
    /// Continues as `viewer`, without new cookies.
    pub fn continue_as(viewer: Viewer) -> Self {
        Self::Continue { viewer: Ok(viewer), cookies: Vec::new() }
    }
}

impl Identity {
    /// Creates the identity provider that is configured.
    ///
    /// # Errors
    /// When its configuration is not usable.
    pub fn new(config: &Config, http: &Client) -> anyhow::Result<Self> {
        match &config.clerk {
            Some(clerk) => {
                if clerk.webhook_secret.is_none() {
                    tracing::warn!(
                        "CLERK_WEBHOOK_SIGNING_SECRET is not set: changed and deleted accounts at Clerk are not noticed"
                    );
                }
                Ok(Self::Clerk(Box::new(Clerk::new(clerk, config, http.clone())?)))
            }
            None => Ok(Self::Local { https: config.is_https() }),
        }
    }

    /// Authenticates a request. When the database is not available, the viewer is an error, so that no user is taken for a visitor.
    pub async fn authenticate(&self, db: &PgPool, request: &RequestParts<'_>) -> AuthOutcome {
        match self {
            Self::Local { https } => {
                AuthOutcome::Continue { viewer: find_viewer(db, request.headers, *https).await, cookies: Vec::new() }
            }
            Self::Clerk(clerk) => clerk.authenticate(db, request).await,
        }
    }

    /// Returns whether a request has credentials, valid or not. Without them, the response is the same for every visitor.
    pub fn has_credentials(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Local { .. } => {
                [true, false].into_iter().any(|https| cookies::get(headers, cookies::session_name(https)).is_some())
            }
            Self::Clerk(_) => clerk::has_credentials(headers),
        }
    }

    /// Returns what pages need to know of the identity provider.
    pub fn provider(&self) -> IdentityProvider {
        match self {
            Self::Local { .. } => IdentityProvider::Local,
            Self::Clerk(clerk) => clerk.provider(),
        }
    }
}

/// Returns the viewer of a local session. A request without the cookie needs no query.
async fn find_viewer(db: &PgPool, headers: &HeaderMap, https: bool) -> Result<Viewer> {
    let Some(token) = cookies::get(headers, cookies::session_name(https)) else { return Ok(Viewer::Visitor) };
    let user = users::queries::find_by_session(db, &local::digest(&token)).await?;
    Ok(user.map_or(Viewer::Visitor, Viewer::User))
}
