//! The public keys of Clerk's tokens (JWKS). They are fetched with the secret key, cached, and fetched again when a token names an
//! unknown key. While Clerk is not available, the cached keys stay in use.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use tokio::sync::Mutex;

use crate::identity::clerk::backend::Backend;

/// Cached keys are fetched again after this time.
const CACHE_LIFETIME: Duration = Duration::from_hours(1);
/// Keys are fetched no more often than this, whatever tokens name.
const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// The source of public keys.
#[derive(Clone)]
pub enum Keys {
    /// One key from the configuration.
    Configured(Arc<DecodingKey>),
    Fetched(Arc<KeyCache>),
}

/// Keys that were fetched from Clerk.
#[derive(Default)]
pub struct KeyCache {
    cached: RwLock<CachedKeys>,
    /// When keys were last fetched, successfully or not. Locked while they are fetched.
    last_fetch: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct CachedKeys {
    keys: HashMap<String, Arc<DecodingKey>>,
    fetched_at: Option<Instant>,
}

impl Keys {
    /// Uses the configured key, or else fetches keys.
    ///
    /// # Errors
    /// When the configured key is not PEM.
    pub fn new(pem: Option<&str>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self::Fetched(Arc::default())) };
        Ok(Self::Configured(Arc::new(DecodingKey::from_rsa_pem(pem.as_bytes()).context("read CLERK_JWT_KEY")?)))
    }

    /// Returns the key with this id; `None` when Clerk has no such key.
    ///
    /// # Errors
    /// When Clerk is not available, so that no user is taken for a visitor.
    pub async fn find(&self, id: &str, backend: &Backend) -> Result<Option<Arc<DecodingKey>>> {
        match self {
            Self::Configured(key) => Ok(Some(key.clone())),
            Self::Fetched(cache) => cache.find(id, backend).await,
        }
    }
}

impl KeyCache {
    async fn find(&self, id: &str, backend: &Backend) -> Result<Option<Arc<DecodingKey>>> {
        let (key, fresh) = self.find_cached(id);
        if key.is_some() && fresh {
            return Ok(key);
        }
        // A request with a cached key does not wait until keys are fetched again.
        let lock = if key.is_some() { self.last_fetch.try_lock().ok() } else { Some(self.last_fetch.lock().await) };
        let Some(mut last_fetch) = lock else { return Ok(key) };
        if last_fetch.is_some_and(|at| at.elapsed() < MIN_FETCH_INTERVAL) {
            let (key, fresh) = self.find_cached(id);
            // The last fetch failed, so an unknown key may exist.
            return if key.is_some() || fresh {
                Ok(key)
            } else {
                anyhow::bail!("Clerk's keys could not be fetched a moment ago")
            };
        }
        let fetched = backend.keys().await;
        *last_fetch = Some(Instant::now());
        match fetched {
            Ok(set) => {
                self.store(&set);
                Ok(self.find_cached(id).0)
            }
            Err(error) if key.is_some() => {
                tracing::warn!(error = format!("{error:#}"), "Could not fetch Clerk's keys; using the cached ones");
                Ok(key)
            }
            Err(error) => Err(error.context("fetch Clerk's keys")),
        }
    }

    /// Returns the cached key, and whether the cache is recent.
    fn find_cached(&self, id: &str) -> (Option<Arc<DecodingKey>>, bool) {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        (cached.keys.get(id).cloned(), cached.fetched_at.is_some_and(|at| at.elapsed() < CACHE_LIFETIME))
    }

    /// Replaces the cached keys.
    fn store(&self, set: &JwkSet) {
        let decoded =
            set.keys.iter().filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)));
        let keys = decoded.map(|(id, key)| (id, Arc::new(key))).collect();
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) =
            CachedKeys { keys, fetched_at: Some(Instant::now()) };
    }
}
