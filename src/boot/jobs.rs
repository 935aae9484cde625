//! What is done now and then, beside requests.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::{
    account::{self, clerk_metadata_sync},
    mail::outbox,
    payments::{
        card_country_check,
        reconcile::{self, Report},
        refunds,
    },
    pictures,
    platform::clock,
    prices,
    server::{
        rate_limit::{self, RateLimits},
        state::AppState,
    },
    users,
};

/// Sweeps once an hour until told to stop. Two servers that sweep at once do no harm.
pub async fn delete_orphans(db: PgPool, stop: CancellationToken) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = hours.tick() => {} }
        match users::queries::delete_expired_sessions(&db).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "Swept sessions that had expired"),
            Err(error) => tracing::warn!(%error, "Could not sweep expired sessions"),
        }
        if let Err(error) = account::queries::delete_old_links(&db, clock::now()).await {
            tracing::warn!(%error, "Could not sweep old links");
        }
        if let Err(error) = outbox::sweep(&db, clock::now()).await {
            tracing::warn!(%error, "Could not sweep the outbox");
        }
        match pictures::queries::delete_unused(&db).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "Swept pictures that nothing shows"),
            Err(error) => tracing::warn!(%error, "Could not sweep pictures"),
        }
        match rate_limit::queries::sweep(&db).await {
            Ok(capacity) => {
                for (door, refused) in capacity {
                    tracing::info!(door, refused, "Turned away who tried too often");
                }
            }
            Err(error) => tracing::warn!(%error, "Could not sweep limits"),
        }
    }
}

/// Forgets every ten seconds whom this server need not count any more, until told to stop.
pub async fn purge_expired(limits: RateLimits, stop: CancellationToken) {
    let mut turns = tokio::time::interval(Duration::from_secs(10));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = turns.tick() => limits.purge_full_buckets() }
    }
}

/// The advisory lock of those who finish refunds: one server at a time.
const REFUNDS: i64 = 0x72_6566_756e_6473;
/// And of those who reconcile.
const RECONCILE: i64 = 0x72_6563_6f6e_6369;

/// Finishes refunds that are still under way, once a minute until told to stop.
pub async fn refunds(state: AppState, stop: CancellationToken) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = minutes.tick() => {} }
        tokio::select! {
            () = stop.cancelled() => return,
            finished = finish_refunds(&state) => if let Err(error) = finished {
                tracing::warn!(%error, "Could not look after refunds");
            }
        }
    }
}

/// Does nothing while another server does it.
async fn finish_refunds(state: &AppState) -> sqlx::Result<()> {
    let Some(holder) = try_lock(&state.db, REFUNDS).await? else { return Ok(()) };
    refunds::fetch_missing_refunds(state).await?;
    refunds::submit_due(state, clock::now()).await?;
    holder.close().await
}

/// Reconciles with Stripe when the school opens and every ten minutes, until told to stop.
pub async fn reconcile(state: AppState, stop: CancellationToken) {
    let mut turns = tokio::time::interval(Duration::from_mins(10));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = turns.tick() => {} }
        tokio::select! {
            () = stop.cancelled() => return,
            done = reconcile_once(&state, None) => match done {
                Ok(None) => {}
                Ok(Some(report)) if report.done.is_empty() && report.failed.is_empty() => {}
                Ok(Some(report)) => tracing::info!(%report, "Reconciled with Stripe"),
                Err(error) => tracing::warn!(%error, "Could not reconcile with Stripe"),
            }
        }
    }
}

/// Lets go of coupons that nobody pays with any more, and asks for the countries of cards, once a minute until told to stop.
pub async fn prices(state: AppState, stop: CancellationToken) {
    /// So long after its end a payment may still be told of.
    const GRACE: TimeDelta = TimeDelta::minutes(10);
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = minutes.tick() => {} }
        match prices::queries::expire_holding_attempts(&state.db, clock::now() - GRACE).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "Let go of coupons that nobody paid with"),
            Err(error) => tracing::warn!(%error, "Could not let go of coupons"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            compared = card_country_check::check_pending(&state) => if let Err(error) = compared {
                tracing::warn!(%error, "Could not compare cards; they are asked for again");
            }
        }
    }
}

/// Tells Clerk of roles that it does not know, once a minute until told to stop.
pub async fn sync_clerk_metadata(state: AppState, stop: CancellationToken) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = minutes.tick() => {} }
        tokio::select! {
            () = stop.cancelled() => return,
            told = clerk_metadata_sync::sync_pending(&state) => if let Err(error) = told {
                tracing::warn!(%error, "Could not tell Clerk of roles; it is told again");
            }
        }
    }
}

/// Reconciles once, since the last time or since so long ago. `None` while another server does it.
///
/// # Errors
/// The database's.
pub async fn reconcile_once(state: &AppState, since: Option<TimeDelta>) -> sqlx::Result<Option<Report>> {
    let Some(holder) = try_lock(&state.db, RECONCILE).await? else { return Ok(None) };
    let report = reconcile::reconcile(state, since, clock::now()).await?;
    holder.close().await?;
    Ok(Some(report))
}

/// A connection of one's own that holds an advisory lock, unless somebody else does. The lock is let go with it, whatever happens.
async fn try_lock(db: &PgPool, key: i64) -> sqlx::Result<Option<PgConnection>> {
    let mut holder = db.acquire().await?.detach();
    let alone =
        sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "alone!""#, key).fetch_one(&mut holder).await?;
    if alone {
        return Ok(Some(holder));
    }
    holder.close().await?;
    Ok(None)
}
