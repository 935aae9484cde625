//! Queries of the school's settings (table `school`, one row).

use sqlx::PgExecutor;

use crate::school::SchoolForm;

/// Returns the settings.
pub async fn read(db: impl PgExecutor<'_>) -> sqlx::Result<SchoolForm> {
    sqlx::query_as!(SchoolForm, "select version, name, tagline, seller_name, seller_address from school")
        .fetch_one(db)
        .await
}

/// Returns the settings and locks them until the end of the transaction.
pub async fn lock(db: impl PgExecutor<'_>) -> sqlx::Result<SchoolForm> {
    sqlx::query_as!(
        SchoolForm,
        "select version, name, tagline, seller_name, seller_address from school for no key update"
    )
    .fetch_one(db)
    .await
}

/// Stores the settings. A trigger increases their version.
pub async fn update(db: impl PgExecutor<'_>, form: &SchoolForm) -> sqlx::Result<()> {
    sqlx::query!(
        "update school set name = $1, tagline = $2, seller_name = $3, seller_address = $4",
        form.name,
        form.tagline,
        form.seller_name,
        form.seller_address,
    )
    .execute(db)
    .await
    .map(drop)
}
