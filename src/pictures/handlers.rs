//! Showing pictures: an address is its content, so a browser asks once.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use sqlx::PgPool;

use crate::{error::Error, pictures::queries};

/// `GET /pictures/:hash/:width.webp`.
pub async fn show(State(db): State<PgPool>, Path((hash, file)): Path<(String, String)>) -> Response {
    let Some(width) = file.strip_suffix(".webp").and_then(|width| width.parse().ok()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match queries::find(&db, &hash, width).await {
        Ok(Some((kind, bytes))) => ([(CONTENT_TYPE, kind)], bytes).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => StatusCode::from_u16(Error::from(error).status()).unwrap_or_default().into_response(),
    }
}
