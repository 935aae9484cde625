//! SQL of the web server's own caches.

use sqlx::PgExecutor;

use crate::frame::SchoolNames;

/// Returns the name and tagline of the school.
pub async fn school_names(db: impl PgExecutor<'_>) -> sqlx::Result<SchoolNames> {
    sqlx::query_as!(SchoolNames, "select name, tagline from school").fetch_one(db).await
}
