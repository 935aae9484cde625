//! The school itself: its name and its sentence. Every server keeps them in memory.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgPool;

use crate::frame::SchoolNames;

#[derive(Clone, Default)]
pub struct School(Arc<RwLock<SchoolNames>>);

impl School {
    /// Reads the school.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(db: &PgPool) -> sqlx::Result<Self> {
        let school = Self::default();
        school.read(db).await?;
        Ok(school)
    }

    pub fn names(&self) -> SchoolNames {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it again.
    ///
    /// # Errors
    /// The database's; what was known stays.
    pub async fn read(&self, db: &PgPool) -> sqlx::Result<()> {
        let names = sqlx::query_as!(SchoolNames, "select name, tagline from school").fetch_one(db).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(())
    }
}
