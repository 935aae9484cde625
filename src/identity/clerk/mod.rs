//! Clerk: identity from elsewhere. It signs people in on its own pages and gives their browser a token that lives for a minute;
//! we verify that, and keep a row for each of them.
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

/// How long it is believed that a session goes on: as long as a token lives.
const BELIEVED: Duration = Duration::from_mins(1);
/// Sessions that are remembered to go on.
const REMEMBERED: u64 = 100_000;

#[derive(Clone)]
pub struct Clerk {
    pub config: Arc<ClerkConfig>,
    pub backend: Backend,
    /// Our own address, which tokens are made for.
    origin: Arc<str>,
    admin_email: Option<Arc<str>>,
    pub(crate) keys: Keys,
    going_on: Cache<String, ()>,
}

impl Clerk {
    /// # Errors
    /// When the configured key is none.
    pub fn new(config: &ClerkConfig, whole: &Config, http: Client) -> anyhow::Result<Self> {
        Ok(Self {
            backend: Backend::new(config, http),
            origin: whole.url.as_str().into(),
            admin_email: whole.admin_email.as_deref().map(Arc::from),
            keys: Keys::new(config.jwt_key.as_deref())?,
            going_on: Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build(),
            config: Arc::new(config.clone()),
        })
    }

    /// What pages are told.
    pub fn provider(&self) -> IdentityProvider {
        IdentityProvider::Clerk {
            portal: self.config.portal.clone(),
            origin: self.origin.to_string(),
            script: self.config.js,
        }
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when its key is not known and Clerk cannot be asked.
    pub async fn read(&self, token: &str) -> Result<Token> {
        let Some(key) = self.key(token).await? else { return Ok(Token::Bad("signed by a key that is not Clerk's")) };
        let expected = Expected { issuer: &self.config.frontend, origin: &self.origin, now: clock::now() };
        Ok(token::read(token, &key, &expected))
    }

    async fn key(&self, token: &str) -> Result<Option<Arc<jsonwebtoken::DecodingKey>>> {
        let Some(id) = token::key_id(token) else { return Ok(None) };
        self.keys.find(&id, &self.backend).await.map_err(away)
    }

    /// The person of a token that was verified. Whoever is seen for the first time, before Clerk's webhook came, gets a row.
    ///
    /// # Errors
    /// The database's; [`Error::Unavailable`] when Clerk has to be asked and does not answer.
    pub async fn viewer(&self, db: &PgPool, claims: &Claims) -> Result<Viewer> {
        if let Some(known) = queries::find(db, &claims.sub).await? {
            return Ok(if known.deleted { Viewer::Visitor } else { Viewer::User(known.user) });
        }
        if queries::is_deleted(db, &claims.sub).await? {
            return Ok(Viewer::Visitor);
        }
        let Some(person) = self.backend.person(&claims.sub).await.map_err(away)? else { return Ok(Viewer::Visitor) };
        if person.id != claims.sub {
            return Ok(Viewer::Visitor);
        }
        provisioning::provision(db, &person, self.admin_email.as_deref()).await?;
        let known = queries::find(db, &claims.sub).await?.filter(|known| !known.deleted);
        Ok(known.map_or(Viewer::Visitor, |known| Viewer::User(known.user)))
    }

    /// Whether the session of a token that expired goes on. Clerk is asked, once a minute.
    async fn goes_on(&self, claims: &Claims) -> Result<bool> {
        if self.going_on.contains_key(&claims.sid) {
            return Ok(true);
        }
        let on = self.backend.goes_on(&claims.sid, &claims.sub).await.map_err(away)?;
        if on {
            self.going_on.insert(claims.sid.clone(), ());
        }
        Ok(on)
    }

    /// Ends the session of whoever asks, at Clerk. Whoever has none is signed out already.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when Clerk does not answer: the session goes on.
    pub async fn end_session(&self, headers: &HeaderMap) -> Result<()> {
        let Some(token) = cookies::get(headers, SESSION) else { return Ok(()) };
        let (Token::Good(claims) | Token::Expired(claims)) = self.read(&token).await? else { return Ok(()) };
        self.backend.end(&claims.sid, &claims.sub).await.map_err(away)?;
        self.going_on.invalidate(&claims.sid);
        Ok(())
    }
}

/// Clerk did not do what was asked. The cause is logged here, once.
fn away(error: anyhow::Error) -> Error {
    tracing::error!(error = format!("{error:#}"), "Clerk did not answer as it should");
    Error::Unavailable
}

/// Whether a request says, in Clerk's way, who sends it.
pub fn has_credentials(headers: &HeaderMap) -> bool {
    let cookie = |name| cookies::get(headers, name).is_some();
    headers.contains_key(http::header::AUTHORIZATION)
        || cookie(SESSION)
        || cookie(handshake::COOKIE)
        || cookies::get(headers, CLIENT_UAT).is_some_and(|at| at != "0")
}
