//! Clerk as identity provider. It signs users in on its own pages and gives their browser a token that is valid for a minute; we verify
//! the token, and have a row of `users` for each of them.
//!
//! <https://clerk.com/docs/guides/how-clerk-works/overview>

pub mod authenticate;
pub mod backend;
pub mod handshake;
pub mod jwks;
pub mod link_identities;
pub mod person;
pub mod provisioning;
pub mod queries;
pub mod rs256;
pub mod script;
pub mod token;

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use moka::sync::Cache;
use reqwest::Client;
use sqlx::PgPool;

use crate::{
    error::{Error, Result},
    identity::clerk::{
        backend::Backend,
        handshake::{CLIENT_UAT, SESSION},
        jwks::Keys,
        token::{Claims, Expected, Token},
    },
    platform::{clock, config::Config, cookies},
    users::{Viewer, identity_provider::IdentityProvider},
};
pub use crate::{identity::clerk::person::NO_ADDRESS, platform::config::clerk::ClerkConfig};

/// A session that Clerk said is active counts as active for the lifetime of a token.
const ACTIVE_LIFETIME: Duration = Duration::from_mins(1);
/// The number of sessions that are cached as active.
const MAX_ACTIVE_SESSIONS: u64 = 100_000;

/// The identity provider Clerk, with one instance's keys.
#[derive(Clone)]
pub struct Clerk {
    pub config: Arc<ClerkConfig>,
    pub backend: Backend,
    /// Our own origin, for which tokens are issued.
    origin: Arc<str>,
    admin_email: Option<Arc<str>>,
    pub(crate) keys: Keys,
    active_sessions: Cache<String, ()>,
}

impl Clerk {
    /// # Errors
    /// When the configured key is not valid.
    pub fn new(config: &ClerkConfig, app_config: &Config, http: Client) -> anyhow::Result<Self> {
        Ok(Self {
            backend: Backend::new(config, http),
            origin: app_config.url.as_str().into(),
            admin_email: app_config.admin_email.as_deref().map(Arc::from),
            keys: Keys::new(config.jwt_key.as_deref())?,
            active_sessions: Cache::builder().max_capacity(MAX_ACTIVE_SESSIONS).time_to_live(ACTIVE_LIFETIME).build(),
            config: Arc::new(config.clone()),
        })
    }

    /// Returns what pages need to know of Clerk.
    pub fn provider(&self) -> IdentityProvider {
        IdentityProvider::Clerk {
            portal: self.config.portal.clone(),
            origin: self.origin.to_string(),
            script: self.config.js,
        }
    }

    /// Verifies a session token.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when its key is not cached and Clerk is not available.
    pub async fn read(&self, token: &str) -> Result<Token> {
        let Some(key) = self.find_key(token).await? else { return Ok(Token::Invalid("signed with an unknown key")) };
        let expected = Expected { issuer: &self.config.frontend, origin: &self.origin, now: clock::now() };
        Ok(token::read(token, &key, &expected))
    }

    /// Returns the key that a token names.
    async fn find_key(&self, token: &str) -> Result<Option<Arc<jsonwebtoken::DecodingKey>>> {
        let Some(id) = token::key_id(token) else { return Ok(None) };
        self.keys.find(&id, &self.backend).await.map_err(unavailable)
    }

    /// Returns the viewer of a verified token. A user whose webhook has not arrived yet is fetched from Clerk and gets a row.
    ///
    /// # Errors
    /// The database's; [`Error::Unavailable`] when the user has to be fetched and Clerk is not available.
    pub async fn viewer(&self, db: &PgPool, claims: &Claims) -> Result<Viewer> {
        if let Some(known) = queries::find(db, &claims.sub).await? {
            return Ok(if known.deleted { Viewer::Visitor } else { Viewer::User(known.user) });
        }
        if queries::is_deleted(db, &claims.sub).await? {
            return Ok(Viewer::Visitor);
        }
        let Some(person) = self.backend.person(&claims.sub).await.map_err(unavailable)? else {
            return Ok(Viewer::Visitor);
        };
        if person.id != claims.sub {
            return Ok(Viewer::Visitor);
        }
        provisioning::provision(db, &person, self.admin_email.as_deref()).await?;
        let known = queries::find(db, &claims.sub).await?.filter(|known| !known.deleted);
        Ok(known.map_or(Viewer::Visitor, |known| Viewer::User(known.user)))
    }

    /// Returns whether the session of an expired token is active. The answer of Clerk's API is cached for a minute.
    async fn is_session_active(&self, claims: &Claims) -> Result<bool> {
        if self.active_sessions.contains_key(&claims.sid) {
            return Ok(true);
        }
        let active = self.backend.is_session_active(&claims.sid, &claims.sub).await.map_err(unavailable)?;
        if active {
            self.active_sessions.insert(claims.sid.clone(), ());
        }
        Ok(active)
    }

    /// Revokes the session of a request at Clerk. A request without a session is signed out already.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when Clerk is not available: the session stays active.
    pub async fn end_session(&self, headers: &HeaderMap) -> Result<()> {
        let Some(token) = cookies::get(headers, SESSION) else { return Ok(()) };
        let (Token::Valid(claims) | Token::Expired(claims)) = self.read(&token).await? else { return Ok(()) };
        self.backend.revoke_session(&claims.sid, &claims.sub).await.map_err(unavailable)?;
        self.active_sessions.invalidate(&claims.sid);
        Ok(())
    }
}

/// Turns a failed call of Clerk's API into an error for people. The cause is logged here, once.
fn unavailable(error: anyhow::Error) -> Error {
    tracing::error!(error = format!("{error:#}"), "Clerk's API failed");
    Error::Unavailable
}

/// Returns whether a request has credentials of Clerk, valid or not.
pub fn has_credentials(headers: &HeaderMap) -> bool {
    let cookie = |name| cookies::get(headers, name).is_some();
    headers.contains_key(http::header::AUTHORIZATION)
        || cookie(SESSION)
        || cookie(handshake::HANDSHAKE)
        || cookies::get(headers, CLIENT_UAT).is_some_and(|at| at != "0")
}
