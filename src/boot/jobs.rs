//! Background jobs and their schedules.
//!
//! Every server runs all of them. A job that must run on one server at a time takes an advisory lock and is skipped while another
//! server holds it.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    account::{self, clerk_metadata_sync},
    coupons,
    load::BoxFuture,
    mail::outbox,
    payments::{
        card_country_check,
        reconcile::{self, Report},
        refund_fetching, refund_submission,
    },
    pictures,
    platform::clock,
    server::{rate_limit, state::AppState},
    users,
};

/// A job that runs when the server starts and then once per `interval`.
struct Job {
    interval: Duration,
    run: fn(AppState) -> BoxFuture<()>,
}

const JOBS: [Job; 6] = [
    Job { interval: Duration::from_secs(10), run: |state| Box::pin(async move { state.limits.purge_full_buckets() }) },
    Job { interval: Duration::from_mins(1), run: |state| Box::pin(finish_refunds(state)) },
    Job { interval: Duration::from_mins(1), run: |state| Box::pin(release_coupons_and_check_cards(state)) },
    Job { interval: Duration::from_mins(1), run: |state| Box::pin(sync_clerk_metadata(state)) },
    Job { interval: Duration::from_mins(10), run: |state| Box::pin(reconcile_with_stripe(state)) },
    Job { interval: Duration::from_hours(1), run: |state| Box::pin(purge_expired(state)) },
];

/// Spawns all jobs. Each runs until `stop` is cancelled, which also ends a run that is under way.
pub fn spawn(tasks: &mut JoinSet<anyhow::Result<()>>, state: &AppState, stop: &CancellationToken) {
    for job in JOBS {
        let (state, stop) = (state.clone(), stop.clone());
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(job.interval);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                stop.run_until_cancelled((job.run)(state.clone())).await;
            }
            Ok(())
        });
    }
}

/// Deletes expired sessions, links, mails and rate limits, and pictures that nothing refers to. Two servers may do so at once.
async fn purge_expired(state: AppState) {
    let db = &state.db;
    match users::queries::delete_expired_sessions(db).await {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(deleted, "Deleted expired sessions"),
        Err(error) => tracing::warn!(%error, "Could not delete expired sessions"),
    }
    if let Err(error) = account::queries::delete_expired_links(db, clock::now()).await {
        tracing::warn!(%error, "Could not delete old links");
    }
    if let Err(error) = outbox::clean_up(db, clock::now()).await {
        tracing::warn!(%error, "Could not clean up the outbox");
    }
    match pictures::queries::delete_unused(db).await {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(deleted, "Deleted unused pictures"),
        Err(error) => tracing::warn!(%error, "Could not delete unused pictures"),
    }
    match rate_limit::queries::delete_full(db).await {
        Ok(buckets) => {
            for (bucket, rejected) in buckets {
                tracing::info!(bucket, rejected, "Rejected attempts over a rate limit");
            }
        }
        Err(error) => tracing::warn!(%error, "Could not delete full rate limit buckets"),
    }
}

/// Keys of advisory locks, each held by the one server that finishes refunds or reconciles.
const REFUNDS_LOCK: i64 = 0x72_6566_756e_6473;
const RECONCILE_LOCK: i64 = 0x72_6563_6f6e_6369;

/// Fetches refunds that Stripe's events did not carry, and submits refunds that are due.
async fn finish_refunds(state: AppState) {
    let finish = async || {
        let Some(lock) = try_lock(&state.db, REFUNDS_LOCK).await? else { return Ok(()) };
        refund_fetching::fetch_missing_refunds(&state).await?;
        refund_submission::submit_due(&state, clock::now()).await?;
        lock.close().await
    };
    if let Err(error) = finish().await {
        tracing::warn!(%error, "Could not finish refunds");
    }
}

async fn reconcile_with_stripe(state: AppState) {
    match reconcile_once(&state, None).await {
        Ok(None) => {}
        Ok(Some(report)) if report.done.is_empty() && report.failed.is_empty() => {}
        Ok(Some(report)) => tracing::info!(%report, "Reconciled with Stripe"),
        Err(error) => tracing::warn!(%error, "Could not reconcile with Stripe"),
    }
}

/// Expires checkout attempts that reserve a coupon and were not paid, and compares the countries of cards with the prices paid.
async fn release_coupons_and_check_cards(state: AppState) {
    /// Stripe may still report a payment this long after its session ended.
    const GRACE: TimeDelta = TimeDelta::minutes(10);
    match coupons::queries::expire_reserving_attempts(&state.db, clock::now() - GRACE).await {
        Ok(0) => {}
        Ok(expired) => tracing::info!(expired, "Released coupons of unpaid checkouts"),
        Err(error) => tracing::warn!(%error, "Could not release coupons"),
    }
    if let Err(error) = card_country_check::check_pending(&state).await {
        tracing::warn!(%error, "Could not check the countries of cards; they are checked again");
    }
}

async fn sync_clerk_metadata(state: AppState) {
    if let Err(error) = clerk_metadata_sync::sync_pending(&state).await {
        tracing::warn!(%error, "Could not send roles to Clerk; they are sent again");
    }
}

/// Reconciles once: since the last run, or `since` a time ago. Returns `None` while another server reconciles.
///
/// # Errors
/// The database's.
pub async fn reconcile_once(state: &AppState, since: Option<TimeDelta>) -> sqlx::Result<Option<Report>> {
    let Some(lock) = try_lock(&state.db, RECONCILE_LOCK).await? else { return Ok(None) };
    let report = reconcile::reconcile(state, since, clock::now()).await?;
    lock.close().await?;
    Ok(Some(report))
}

/// Takes an advisory lock on a connection of its own, unless another session holds it. Closing the connection releases the lock.
async fn try_lock(db: &PgPool, key: i64) -> sqlx::Result<Option<PgConnection>> {
    let mut connection = db.acquire().await?.detach();
    let locked =
        sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "alone!""#, key).fetch_one(&mut connection).await?;
    if locked {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}
