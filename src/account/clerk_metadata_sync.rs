//! Synchronizes our id and role of each user to Clerk's public metadata, where other sites of the school can read them. No request waits
//! for it. We never read the metadata: roles are ours.

use crate::{
    identity::{
        authentication::Identity,
        clerk::{
            Clerk,
            queries::{self, PendingMetadata},
        },
    },
    platform::clock,
    server::state::AppState,
};

/// The largest number of users in one run.
const MAX_BATCH: i64 = 50;

/// Synchronizes pending users in a background task.
pub fn spawn_sync(state: &AppState) {
    let state = state.clone();
    tokio::spawn(async move {
        if let Err(error) = sync_pending(&state).await {
            tracing::warn!(%error, "Could not read users to synchronize to Clerk");
        }
    });
}

/// Synchronizes the users whose role is not in Clerk's metadata yet, and returns how many were. While Clerk is not available, they stay
/// pending. Two servers may do this at once.
///
/// # Errors
/// The database's.
pub async fn sync_pending(state: &AppState) -> sqlx::Result<usize> {
    let Identity::Clerk(clerk) = &state.identity else { return Ok(0) };
    let pending = queries::list_pending_metadata(&state.db, clock::now(), MAX_BATCH).await?;
    let mut synced = 0;
    for user in pending {
        synced += usize::from(sync_one(state, clerk, &user).await?);
    }
    Ok(synced)
}

/// Synchronizes one user; `false` when it failed and is tried again later.
async fn sync_one(state: &AppState, clerk: &Clerk, pending: &PendingMetadata) -> sqlx::Result<bool> {
    match clerk.backend.update_metadata(&pending.clerk, pending.user, pending.role).await {
        Ok(true) => {
            queries::set_metadata_synced(&state.db, &pending.clerk, pending.role).await?;
            return Ok(true);
        }
        Ok(false) => tracing::warn!(user = %pending.user, "Clerk has no user with this id any more"),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), user = %pending.user, "Could not update metadata at Clerk");
        }
    }
    queries::postpone_metadata_sync(&state.db, &pending.clerk, clock::now()).await?;
    Ok(false)
}
