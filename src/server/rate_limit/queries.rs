//! SQL of the shared rate limits. A row's key is the hash of the bucket's name and the client or account. The database computes it, so that
//! `lower` of the same database decides which spellings of an email address are one account.

use chrono::TimeDelta;
use sqlx::PgExecutor;

/// The result of an attempt to take a token.
pub struct Attempt {
    pub allowed: bool,
    /// The number of rejected attempts since the bucket was full.
    pub refused: i64,
    /// The seconds until there is a token. It means nothing when one was taken.
    pub wait: f64,
}

/// Takes a token from a bucket, or counts a rejected attempt. One token returns each `every`; `capacity` is the time in which the whole
/// bucket fills.
pub async fn take_token(
    db: impl PgExecutor<'_>,
    bucket: &str,
    key: &str,
    every: TimeDelta,
    capacity: TimeDelta,
) -> sqlx::Result<Attempt> {
    sqlx::query_as!(
        Attempt,
        r#"insert into rate_limits as l (key, bucket, full_at)
           values (sha256(convert_to($1 || ' ' || lower($2), 'UTF8')), $1, now() + $3::interval)
           on conflict (key) do update set
                  allowed = greatest(l.full_at + $3, excluded.full_at) <= now() + $4::interval,
                  refused = l.refused + (greatest(l.full_at + $3, excluded.full_at) > now() + $4)::int,
                  full_at = case when greatest(l.full_at + $3, excluded.full_at) <= now() + $4
                                 then greatest(l.full_at + $3, excluded.full_at) else l.full_at end
           returning allowed, refused, extract(epoch from full_at + $3 - now() - $4)::float8 as "wait!""#,
        bucket,
        key,
        every as _,
        capacity as _,
    )
    .fetch_one(db)
    .await
}

/// Returns a token to its bucket.
pub async fn return_token(db: impl PgExecutor<'_>, bucket: &str, key: &str, every: TimeDelta) -> sqlx::Result<()> {
    sqlx::query!(
        "update rate_limits set full_at = full_at - $3::interval where key = sha256(convert_to($1 || ' ' || lower($2), 'UTF8'))",
        bucket,
        key,
        every as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Remembers a key for `lifetime`, as a bucket from which nobody takes tokens.
pub async fn remember(db: impl PgExecutor<'_>, bucket: &str, key: &str, lifetime: TimeDelta) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into rate_limits (key, bucket, full_at)
         values (sha256(convert_to($1 || ' ' || lower($2), 'UTF8')), $1, now() + $3::interval)
         on conflict (key) do update set full_at = excluded.full_at",
        bucket,
        key,
        lifetime as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns whether a key is remembered.
pub async fn is_remembered(db: impl PgExecutor<'_>, bucket: &str, key: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists(select from rate_limits where key = sha256(convert_to($1 || ' ' || lower($2), 'UTF8'))
                            and full_at > now()) as "is!""#,
        bucket,
        key,
    )
    .fetch_one(db)
    .await
}

/// Deletes the buckets that are full, and returns the number of rejected attempts by name of the bucket.
pub async fn delete_full(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, i64)>> {
    let buckets = sqlx::query!(
        r#"with gone as (delete from rate_limits where full_at <= now() returning bucket, refused)
           select bucket, sum(refused)::bigint as "refused!" from gone group by bucket having sum(refused) > 0 order by bucket"#
    )
    .fetch_all(db)
    .await?;
    Ok(buckets.into_iter().map(|row| (row.bucket, row.refused)).collect())
}
