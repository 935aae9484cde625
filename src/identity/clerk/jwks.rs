//! Keys: those that Clerk signs with. They are fetched with the secret key, kept, and asked for again when a token names one
//! that is not among them. While Clerk is away, those that are here still do.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use tokio::sync::Mutex;

use crate::identity::clerk::backend::Backend;

/// How long what was fetched is believed to be all there is.
const FRESH: Duration = Duration::from_hours(1);
/// Clerk is asked no more often than this, whatever tokens name.
const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

#[derive(Clone)]
pub enum Keys {
    /// From the configuration.
    One(Arc<DecodingKey>),
    Fetched(Arc<Fetched>),
}

#[derive(Default)]
pub struct Fetched {
    known: RwLock<Known>,
    /// Held by whoever fetches: when Clerk was last asked, whether or not it answered.
    asked: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<DecodingKey>>,
    since: Option<Instant>,
}

impl Keys {
    /// # Errors
    /// When the key is no PEM.
    pub fn new(pem: Option<&str>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self::Fetched(Arc::default())) };
        Ok(Self::One(Arc::new(DecodingKey::from_rsa_pem(pem.as_bytes()).context("read CLERK_JWT_KEY")?)))
    }

    /// The key of this id; `None` when Clerk has no such key.
    ///
    /// # Errors
    /// When Clerk cannot be asked, so that nobody is taken for a visitor because it is away.
    pub async fn find(&self, id: &str, backend: &Backend) -> Result<Option<Arc<DecodingKey>>> {
        match self {
            Self::One(key) => Ok(Some(key.clone())),
            Self::Fetched(fetched) => fetched.find(id, backend).await,
        }
    }
}

impl Fetched {
    async fn find(&self, id: &str, backend: &Backend) -> Result<Option<Arc<DecodingKey>>> {
        let (key, fresh) = self.look(id);
        if key.is_some() && fresh {
            return Ok(key);
        }
        // Whoever has a key does not wait for it to be fetched anew.
        let asked = if key.is_some() { self.asked.try_lock().ok() } else { Some(self.asked.lock().await) };
        let Some(mut asked) = asked else { return Ok(key) };
        let again = asked.is_none_or(|asked| asked.elapsed() >= PAUSE);
        if !again {
            let (key, fresh) = self.look(id);
            // The last time failed: this one is not known to be unknown.
            return if key.is_some() || fresh { Ok(key) } else { anyhow::bail!("Clerk did not answer just now") };
        }
        let fetched = backend.keys().await;
        *asked = Some(Instant::now());
        match fetched {
            Ok(set) => {
                self.keep(&set);
                Ok(self.look(id).0)
            }
            Err(error) if key.is_some() => {
                tracing::warn!(error = format!("{error:#}"), "Clerk does not tell its keys; those known still do");
                Ok(key)
            }
            Err(error) => Err(error.context("fetch Clerk's keys")),
        }
    }

    /// The key, if it is known, and whether what is known is all there is.
    fn look(&self, id: &str) -> (Option<Arc<DecodingKey>>, bool) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.keys.get(id).cloned(), known.since.is_some_and(|since| since.elapsed() < FRESH))
    }

    fn keep(&self, set: &JwkSet) {
        let named =
            set.keys.iter().filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)));
        let keys = named.map(|(id, key)| (id, Arc::new(key))).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { keys, since: Some(Instant::now()) };
    }
}
