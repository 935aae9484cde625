//! Health checks: `/healthz` answers while the process runs, `/readyz` while the database answers too.

use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use sqlx::PgPool;

/// How long the database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

pub async fn healthz() -> &'static str {
    "ok"
}

/// Returns 200 when the database answers in time, and 503 otherwise.
pub async fn readyz(State(db): State<PgPool>) -> (StatusCode, &'static str) {
    let query = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&db);
    match tokio::time::timeout(DATABASE_TIMEOUT, query).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "Not ready: the database failed");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is away")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is slow"),
    }
}
