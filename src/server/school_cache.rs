//! Cache of the school's name and tagline, which every page shows. Each server has its own in memory.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgPool;

use crate::{frame::SchoolNames, server::queries};

/// The school's name and tagline, shared by the clones of the server's state.
#[derive(Clone, Default)]
pub struct SchoolCache(Arc<RwLock<SchoolNames>>);

impl SchoolCache {
    /// Returns a cache that is filled from the database.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(db: &PgPool) -> sqlx::Result<Self> {
        let cache = Self::default();
        cache.reload(db).await?;
        Ok(cache)
    }

    pub fn names(&self) -> SchoolNames {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the cached names by those in the database.
    ///
    /// # Errors
    /// The database's; the cache stays as it was.
    pub async fn reload(&self, db: &PgPool) -> sqlx::Result<()> {
        let names = queries::school_names(db).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(())
    }
}
