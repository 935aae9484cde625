//! Telling: our id and role are written into Clerk's public metadata, where a site beside ours can read them. Nothing waits for
//! it, and nothing here reads it: the role of record is ours.

use crate::{
    identity::{
        authentication::Identity,
        clerk::{self, Clerk},
    },
    platform::clock,
    server::state::AppState,
};

/// How many are told at a time.
const BATCH: i64 = 50;

/// Tells Clerk of whoever is new or changed. Nothing waits for it.
pub fn spawn_sync(state: &AppState) {
    let state = state.clone();
    tokio::spawn(async move {
        if let Err(error) = sync_pending(&state).await {
            tracing::warn!(%error, "Could not tell Clerk of roles; it is told again");
        }
    });
}

/// Tells Clerk of everybody whose role it does not know, and answers how many it was told of. While Clerk is away, they stay for
/// later. Two servers that do so at once do no harm.
///
/// # Errors
/// The database's.
pub async fn sync_pending(state: &AppState) -> sqlx::Result<usize> {
    let Identity::Clerk(clerk) = &state.identity else { return Ok(0) };
    let untold = clerk::queries::list_pending_metadata(&state.db, clock::now(), BATCH).await?;
    let mut told = 0;
    for somebody in untold {
        told += usize::from(one(state, clerk, &somebody).await?);
    }
    Ok(told)
}

async fn one(state: &AppState, clerk: &Clerk, somebody: &clerk::queries::PendingMetadata) -> sqlx::Result<bool> {
    match clerk.backend.tell(&somebody.clerk, somebody.user, somebody.role).await {
        Ok(true) => {
            clerk::queries::set_metadata_synced(&state.db, &somebody.clerk, somebody.role).await?;
            return Ok(true);
        }
        Ok(false) => tracing::warn!(user = %somebody.user, "Clerk does not know somebody whom it told of"),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), user = %somebody.user, "Clerk was not told of a role");
        }
    }
    clerk::queries::postpone_metadata_sync(&state.db, &somebody.clerk, clock::now()).await?;
    Ok(false)
}
