//! Storing of uploaded pictures. The same file is decoded and stored once.

use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::{
    error::{Error, Result},
    paths,
    pictures::{
        MAX_UPLOAD_BYTES, PictureError,
        decode::decode,
        queries,
        resize::{ResizedPicture, resize},
    },
};

/// Pictures are decoded one at a time, because decoding a large one takes half a gigabyte.
static DECODE_PERMITS: Semaphore = Semaphore::const_new(1);

/// Stores a picture and returns the path of its largest width.
///
/// # Errors
/// [`Error::Rejected`] with the reason, for the person who uploaded it.
pub async fn store(db: &PgPool, file: Vec<u8>) -> Result<String> {
    if file.len() > MAX_UPLOAD_BYTES {
        return Err(rejected(&PictureError::TooManyBytes));
    }
    let hash = hex::encode(&Sha256::digest(&file)[..16]);
    if let Some(width) = queries::touch(db, &hash).await? {
        return Ok(paths::picture(&hash, width.unsigned_abs()));
    }
    let pictures = decode_and_resize(file).await?;
    queries::insert(db, &hash, &pictures).await?;
    let width = pictures.iter().map(|picture| picture.width).max().unwrap_or_default();
    tracing::info!(hash, width, "Stored a picture");
    Ok(paths::picture(&hash, width))
}

/// Decodes and resizes on a blocking thread. A decoder that panics counts as a damaged file.
async fn decode_and_resize(file: Vec<u8>) -> Result<Vec<ResizedPicture>> {
    let permit = DECODE_PERMITS.acquire().await.map_err(|_| Error::Unavailable)?;
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        decode(&file).and_then(|picture| resize(&picture))
    });
    let pictures = task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "Decoding a picture panicked");
        Err(PictureError::Damaged)
    });
    pictures.map_err(|error| rejected(&error))
}

fn rejected(error: &PictureError) -> Error {
    Error::Rejected(error.to_string())
}
