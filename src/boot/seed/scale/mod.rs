//! Data for measurements: more rows than a busy instructor gathers in years. `lectern seed --scale` inserts them.
//!
//! They are inserted in one transaction and only once. Every row comes from a statement over `generate_series` and is derived from
//! hashes of its number, so that two databases hold the same school; the ids are hashes too, which spreads them over their indexes as
//! random ones are. The triggers that maintain access and sums run here as well, and [`audit`] checks their results.

pub mod catalogue;
pub mod purchases;
pub mod sizes;
pub mod users;

#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::boot::seed::scale::sizes::Sizes;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

/// Inserts the school for measurements, unless this database has it, and runs `analyze`.
///
/// # Errors
/// When a statement fails, or the sums of the triggers differ from the rows; then nothing is inserted.
pub async fn scale(pool: &PgPool, sizes: Sizes) -> anyhow::Result<()> {
    let start = Instant::now();
    // On a connection of its own: these statements take longer than a page's may, and nobody needs to be warned of it.
    let mut connection = PgConnectOptions::clone(&pool.connect_options()).disable_statement_logging().connect().await?;
    sqlx::raw_sql(
        "set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0;
         set work_mem = '128MB'; set jit = off;
         set synchronous_commit = on",
    )
    .execute(&mut connection)
    .await?;
    if plant(&mut connection, sizes).await? {
        // Statistics for the planner, and the map by which counts are answered from an index alone. Nothing is on the map whose
        // commit is not on the disk yet, so the commit is waited for.
        sqlx::raw_sql("vacuum (analyze)").execute(&mut connection).await?;
        log_row_counts(&mut connection, start).await?;
    } else {
        tracing::info!("The school for measurements exists already; nothing was inserted");
    }
    connection.close().await.ok();
    Ok(())
}

async fn plant(connection: &mut PgConnection, sizes: Sizes) -> anyhow::Result<bool> {
    let mut tx = connection.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('lectern: the school at scale', 0))")
        .execute(&mut *tx)
        .await?;
    if users::are_here(&mut tx).await? {
        return Ok(false);
    }
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(&mut *tx).await?;
    write(&mut tx, sizes, now).await?;
    audit(&mut tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Each table is analyzed as soon as it is filled, because the next statement is planned with its statistics.
async fn write(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> anyhow::Result<()> {
    catalogue::write_courses(db, sizes, now).await.context("courses")?;
    catalogue::write_products(db, sizes, now).await.context("products")?;
    users::write_users(db, sizes, now).await.context("people")?;
    sqlx::raw_sql("analyze courses, course_sections, lessons, products, course_products, users")
        .execute(&mut *db)
        .await?;
    purchases::write_sales(db, sizes, now).await.context("sales")?;
    sqlx::raw_sql("analyze purchases, purchase_courses, user_course_access").execute(&mut *db).await?;
    purchases::write_refunds(db, now).await.context("refunds")?;
    purchases::write_progress(db, sizes, now).await.context("progress")?;
    users::write_gifts(db, sizes, now).await.context("gifts")?;
    users::write_mails(db, now).await.context("mail")?;
    users::write_audit_lines(db, sizes, now).await.context("the audit log")?;
    Ok(())
}

/// Checks that the sums of the triggers equal those of the rows.
async fn audit(db: &mut PgConnection) -> anyhow::Result<()> {
    let sums = sqlx::query_scalar!(r#"select sales_totals_are_consistent() as "hold!""#).fetch_one(&mut *db).await?;
    ensure!(sums, "the sums of sales are not what the sales add up to");
    let access = sqlx::query_scalar!(
        r#"select not exists ((select user_id, course_id from user_course_access
                               except select user_id, course_id from course_entitlements)
                              union all
                              (select user_id, course_id from course_entitlements
                               except select user_id, course_id from user_course_access)) as "same!""#
    )
    .fetch_one(db)
    .await?;
    ensure!(access, "access differs from what purchases and gifts give");
    Ok(())
}

async fn log_row_counts(db: &mut PgConnection, start: Instant) -> anyhow::Result<()> {
    let counts = sqlx::query!(
        r#"select (select count(*) from courses) as "courses!", (select count(*) from lessons) as "lessons!",
                  (select count(*) from products) as "products!", (select count(*) from users) as "users!",
                  (select count(*) from purchases) as "purchases!", (select count(*) from refunds) as "refunds!",
                  (select count(*) from user_course_access) as "access!",
                  (select count(*) from user_lesson_complete) as "completions!",
                  (select count(*) from mails) as "mails!", (select count(*) from audit_log) as "audit_lines!""#
    )
    .fetch_one(db)
    .await?;
    tracing::info!(
        seconds = start.elapsed().as_secs(),
        courses = counts.courses,
        lessons = counts.lessons,
        products = counts.products,
        users = counts.users,
        purchases = counts.purchases,
        refunds = counts.refunds,
        access = counts.access,
        completions = counts.completions,
        mails = counts.mails,
        audit_lines = counts.audit_lines,
        "Inserted the school for measurements"
    );
    Ok(())
}
