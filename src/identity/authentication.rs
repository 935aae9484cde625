//! Identity: the seam between who somebody is and what they are here. It answers with the row of `users` that a request comes
//! from; the row has the role.

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

/// Where identity comes from, chosen once from the configuration.
#[derive(Clone)]
pub enum Identity {
    /// Accounts of our own: a session cookie, whose name depends on TLS.
    Local { https: bool },
    /// Accounts at Clerk: a token that it signed.
    Clerk(Box<Clerk>),
}

/// What becomes of a request, once it is known who sends it.
pub enum AuthOutcome {
    /// It goes on. The cookies go with its answer.
    Continue { viewer: Result<Viewer>, cookies: Vec<HeaderValue> },
    /// Whoever asks has to go elsewhere first.
    Redirect(Response),
}

impl AuthOutcome {
    pub fn of(viewer: Viewer) -> Self {
        Self::Continue { viewer: Ok(viewer), cookies: Vec::new() }
    }
}

impl Identity {
    /// # Errors
    /// When what is configured cannot be used.
    pub fn new(config: &Config, http: &Client) -> anyhow::Result<Self> {
        match &config.clerk {
            Some(clerk) => {
                if clerk.webhook_secret.is_none() {
                    tracing::warn!(
                        "CLERK_WEBHOOK_SIGNING_SECRET is not set: nobody tells when somebody changes or deletes their account"
                    );
                }
                Ok(Self::Clerk(Box::new(Clerk::new(clerk, config, http.clone())?)))
            }
            None => Ok(Self::Local { https: config.is_https() }),
        }
    }

    /// Who sends this request. When the database is away, nobody is taken for a visitor because of it.
    pub async fn authenticate(&self, db: &PgPool, asked: &RequestParts<'_>) -> AuthOutcome {
        match self {
            Self::Local { https } => {
                AuthOutcome::Continue { viewer: local(db, asked.headers, *https).await, cookies: Vec::new() }
            }
            Self::Clerk(clerk) => clerk.authenticate(db, asked).await,
        }
    }

    /// Whether a request says who sends it, truly or not. What is shown to everybody is shown to those who do not.
    pub fn has_credentials(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Local { .. } => {
                [true, false].into_iter().any(|https| cookies::get(headers, cookies::session_name(https)).is_some())
            }
            Self::Clerk(_) => clerk::has_credentials(headers),
        }
    }

    /// What pages are told of it.
    pub fn provider(&self) -> IdentityProvider {
        match self {
            Self::Local { .. } => IdentityProvider::Local,
            Self::Clerk(clerk) => clerk.provider(),
        }
    }
}

/// No cookie costs no query.
async fn local(db: &PgPool, headers: &HeaderMap, https: bool) -> Result<Viewer> {
    let Some(token) = cookies::get(headers, cookies::session_name(https)) else { return Ok(Viewer::Visitor) };
    let user = users::queries::find_by_session(db, &local::digest(&token)).await?;
    Ok(user.map_or(Viewer::Visitor, Viewer::User))
}
