//! What is done now and then, beside requests.

use std::time::Duration;

use sqlx::{Connection, PgPool};
use tokio_util::sync::CancellationToken;

use super::{clock, state::AppState};
use crate::{
    pictures,
    prices::{self, card},
    purchases::refund,
    users,
};

/// Sweeps once an hour until told to stop. Two servers that sweep at once do no harm.
pub async fn sweep(db: PgPool, stop: CancellationToken) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = hours.tick() => {} }
        match users::queries::delete_expired_sessions(&db).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "Swept sessions that had expired"),
            Err(error) => tracing::warn!(%error, "Could not sweep expired sessions"),
        }
        match pictures::queries::delete_unused(&db).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "Swept pictures that nothing shows"),
            Err(error) => tracing::warn!(%error, "Could not sweep pictures"),
        }
    }
}

/// The advisory lock of those who finish refunds: one server at a time.
const REFUNDS: i64 = 0x72_6566_756e_6473;

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

/// Does nothing while another server does it. The lock is let go with its connection, whatever happens.
async fn finish_refunds(state: &AppState) -> sqlx::Result<()> {
    let mut holder = state.db.acquire().await?.detach();
    let alone =
        sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "alone!""#, REFUNDS).fetch_one(&mut holder).await?;
    if alone {
        refund::finish_all(state, clock::now()).await?;
    }
    holder.close().await
}

/// Lets go of coupons that nobody pays with any more, and asks for the countries of cards, once a minute until told to stop.
pub async fn prices(state: AppState, stop: CancellationToken) {
    /// So long after its end a payment may still be told of.
    const GRACE: time::Duration = time::Duration::minutes(10);
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
            compared = card::compare_all(&state) => if let Err(error) = compared {
                tracing::warn!(%error, "Could not compare cards; they are asked for again");
            }
        }
    }
}
