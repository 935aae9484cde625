//! Invalidation of the page cache: the database notifies every server of a change of the catalogue.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::server::state::AppState;

/// The pause before a lost connection is opened again.
const RECONNECT_INTERVAL: Duration = Duration::from_secs(2);

/// Listens to the channel `catalogue_changed` until `stop` is cancelled. A lost connection is opened again; meanwhile nothing is cached.
pub async fn follow(state: AppState, stop: CancellationToken) {
    loop {
        let listened = tokio::select! {
            () = stop.cancelled() => return,
            listened = listen_once(&state) => listened,
        };
        state.page_cache.set_subscribed(false);
        if let Err(error) = listened {
            tracing::warn!(%error, "Lost the notification connection; reconnecting");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(RECONNECT_INTERVAL) => {} }
    }
}

/// Listens until the connection is lost.
async fn listen_once(state: &AppState) -> sqlx::Result<()> {
    let mut changes = PgListener::connect_with(&state.db).await?;
    changes.listen("catalogue_changed").await?;
    loop {
        state.school.reload(&state.db).await?;
        state.page_cache.invalidate();
        state.page_cache.set_subscribed(true);
        // `None`: the connection was lost, and with it the notifications of that time.
        if changes.try_recv().await?.is_none() {
            return Ok(());
        }
    }
}
