//! Responses with stored pictures. A URL always has the same content, so browsers cache it forever.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use sqlx::PgPool;

use crate::{error::Error, pictures::queries};

/// `GET /pictures/:hash/:width.webp`: returns a picture in one width.
pub async fn show(State(db): State<PgPool>, Path((hash, file)): Path<(String, String)>) -> Response {
    let Some(width) = file.strip_suffix(".webp").and_then(|width| width.parse().ok()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match queries::find(&db, &hash, width).await {
        Ok(Some((media_type, bytes))) => ([(CONTENT_TYPE, media_type)], bytes).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => StatusCode::from_u16(Error::from(error).status()).unwrap_or_default().into_response(),
    }
}
