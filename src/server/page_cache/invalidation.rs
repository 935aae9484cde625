//! Changes of the catalogue, as the database tells every server of them.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::server::state::AppState;

/// Follows `catalogue_changed` until told to stop. A lost connection is made again; meanwhile no page is kept.
pub async fn follow(state: AppState, stop: CancellationToken) {
    loop {
        let followed = tokio::select! {
            () = stop.cancelled() => return,
            followed = follow_once(&state) => followed,
        };
        state.page_cache.set_subscribed(false);
        if let Err(error) = followed {
            tracing::warn!(%error, "Lost touch with changes of the catalogue; trying again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(Duration::from_secs(2)) => {} }
    }
}

async fn follow_once(state: &AppState) -> sqlx::Result<()> {
    let mut changes = PgListener::connect_with(&state.db).await?;
    changes.listen("catalogue_changed").await?;
    loop {
        state.school.read(&state.db).await?;
        state.page_cache.invalidate();
        state.page_cache.set_subscribed(true);
        // `None`: the connection broke, and what was said meanwhile is lost.
        if changes.try_recv().await?.is_none() {
            return Ok(());
        }
    }
}
