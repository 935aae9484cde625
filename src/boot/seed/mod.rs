//! Demo data: courses about film making, products, and a year of sales. `lectern seed --demo` inserts it.
//!
//! It is inserted in one transaction and only once, so that what an instructor changes or deletes afterwards stays changed or
//! deleted. The texts are in [`courses`] and [`products`], the year is planned in [`sales_plan`], the other files insert rows.

pub mod calendar;
pub mod catalogue;
pub mod courses;
pub mod films;
pub mod ids;
pub mod products;
pub mod purchases;
pub mod sales_plan;
pub mod scale;
pub mod users;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// Inserts the demo school, unless this database has had it.
///
/// # Errors
///
/// When the database refuses; nothing is written then.
pub async fn demo(pool: &PgPool) -> anyhow::Result<()> {
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(pool).await?;
    plant(pool, now).await
}

async fn plant(pool: &PgPool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = pool.begin().await?;
    // Two servers that start at once take turns, and the second one finds the school planted.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('lectern: the demo school', 0))")
        .execute(&mut *tx)
        .await?;
    if users::are_here(&mut tx).await? {
        tracing::info!("The demo school exists already; nothing was inserted");
        return Ok(());
    }
    catalogue::name_school(&mut tx).await?;
    catalogue::write_courses(&mut tx, now).await?;
    catalogue::write_products(&mut tx, now).await?;
    users::write_users(&mut tx, now).await?;
    users::write_credentials(&mut tx).await?;
    let sales = sales_plan::plan();
    purchases::write_sales(&mut tx, now, &sales).await?;
    purchases::write_refunds(&mut tx, now, &sales).await?;
    purchases::write_progress(&mut tx, now, &sales).await?;
    tx.commit().await?;
    tracing::info!(purchases = sales.len(), "Inserted the demo school");
    Ok(())
}
