//! Whether we live (`/healthz`) and whether we can serve (`/readyz`).

use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use sqlx::PgPool;

pub async fn healthz() -> &'static str {
    "ok"
}

/// 200 when the database answers within two seconds, 503 when not.
pub async fn readyz(State(db): State<PgPool>) -> (StatusCode, &'static str) {
    let question = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&db);
    match tokio::time::timeout(Duration::from_secs(2), question).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "Not ready: the database refuses");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is away")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is slow"),
    }
}
