//! What is asked of the database about limits. A door and who knocks become a key in the database, which also decides what letters are
//! the same: `lower` is what makes two ways to write an address one account.

use chrono::TimeDelta;
use sqlx::PgExecutor;

/// What became of a knock.
pub struct Attempt {
    pub allowed: bool,
    /// How many were refused at this bucket since it was full.
    pub refused: i64,
    /// How long until there is a token, in seconds. Nothing of interest when one was taken.
    pub wait: f64,
}

/// Takes a token from a bucket of `room` tokens' time, of which one takes `every` to come back; or counts that there was none.
pub async fn take(
    db: impl PgExecutor<'_>,
    door: &str,
    who: &str,
    every: TimeDelta,
    room: TimeDelta,
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
        door,
        who,
        every as _,
        room as _,
    )
    .fetch_one(db)
    .await
}

/// Puts a token back.
pub async fn give_back(db: impl PgExecutor<'_>, door: &str, who: &str, every: TimeDelta) -> sqlx::Result<()> {
    sqlx::query!(
        "update rate_limits set full_at = full_at - $3::interval where key = sha256(convert_to($1 || ' ' || lower($2), 'UTF8'))",
        door,
        who,
        every as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Remembers something for so long, as a bucket that nobody takes from.
pub async fn remember(db: impl PgExecutor<'_>, door: &str, who: &str, lasts: TimeDelta) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into rate_limits (key, bucket, full_at)
         values (sha256(convert_to($1 || ' ' || lower($2), 'UTF8')), $1, now() + $3::interval)
         on conflict (key) do update set full_at = excluded.full_at",
        door,
        who,
        lasts as _,
    )
    .execute(db)
    .await
    .map(drop)
}

pub async fn is_remembered(db: impl PgExecutor<'_>, door: &str, who: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists(select from rate_limits where key = sha256(convert_to($1 || ' ' || lower($2), 'UTF8'))
                            and full_at > now()) as "is!""#,
        door,
        who,
    )
    .fetch_one(db)
    .await
}

/// Deletes the buckets that are full, and tells how many were refused at each door.
pub async fn sweep(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, i64)>> {
    let buckets = sqlx::query!(
        r#"with gone as (delete from rate_limits where full_at <= now() returning bucket, refused)
           select bucket, sum(refused)::bigint as "refused!" from gone group by bucket having sum(refused) > 0 order by bucket"#
    )
    .fetch_all(db)
    .await?;
    Ok(buckets.into_iter().map(|row| (row.bucket, row.refused)).collect())
}
