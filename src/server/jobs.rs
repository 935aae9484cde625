//! What is done now and then, beside requests.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{pictures, users};

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
