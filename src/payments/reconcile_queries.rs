//! Statements of the reconciliation: how far Stripe's lists were read, and the objects that are open for longer than that.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Finds the time until which a list of Stripe's was read.
pub async fn find_cursor(db: impl PgExecutor<'_>, kind: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("select read_until from reconcile_cursors where kind = $1", kind).fetch_optional(db).await
}

/// Stores the time until which a list was read. A cursor only moves forward.
pub async fn set_cursor(db: impl PgExecutor<'_>, kind: &str, read_until: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into reconcile_cursors as m (kind, read_until) values ($1, $2)
         on conflict (kind) do update set read_until = greatest(m.read_until, excluded.read_until)",
        kind,
        read_until,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Lists the sessions of checkouts that began before a time and may still be paid, because a bank may take longer than the list is read
/// back. After two months no payment comes any more.
pub async fn list_pending_sessions(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select stripe_session_id as "session!" from checkout_attempts
            where stripe_session_id is not null and (state = 'open' or state = 'expired' and submitted_at is not null)
              and created_at < $1 and created_at > now() - interval '60 days'
            order by created_at desc limit 500"#,
        before,
    )
    .fetch_all(db)
    .await
}

/// Lists Stripe's ids of the open disputes that began before a time.
pub async fn list_open_disputes(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select d.stripe_dispute_id from purchases p join disputes d on d.purchase_id = p.id
          where p.paused_at is not null and d.state = 'open' and d.opened_at < $1 order by d.opened_at limit 500",
        before,
    )
    .fetch_all(db)
    .await
}
