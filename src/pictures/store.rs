//! Storing what was uploaded: the same file is read once and stored once.

use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::{
    error::{Error, Result},
    paths,
    pictures::{
        Refusal,
        make::{Made, make},
        queries,
        read::read,
    },
};

/// One picture is read at a time: a large one takes half a gigabyte while it is.
static READING: Semaphore = Semaphore::const_new(1);

/// Stores a picture and answers the address of its largest width.
///
/// # Errors
/// [`Error::Rejected`] with the sentence for whoever chose it.
pub async fn store(db: &PgPool, file: Vec<u8>) -> Result<String> {
    if file.len() > crate::pictures::MAX_UPLOAD_BYTES {
        return Err(refused(&Refusal::Heavy));
    }
    let hash = hex::encode(&Sha256::digest(&file)[..16]);
    if let Some(width) = queries::touch(db, &hash).await? {
        return Ok(paths::picture(&hash, width.unsigned_abs()));
    }
    let made = read_beside(file).await?;
    queries::insert(db, &hash, &made).await?;
    let width = made.iter().map(|made| made.width).max().unwrap_or_default();
    tracing::info!(hash, width, "Stored a picture");
    Ok(paths::picture(&hash, width))
}

/// Reads and makes on a thread of its own. A decoder that panics has met a file that is broken.
async fn read_beside(file: Vec<u8>) -> Result<Vec<Made>> {
    let permit = READING.acquire().await.map_err(|_| Error::Unavailable)?;
    let reading = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read(&file).and_then(|picture| make(&picture))
    });
    let read = reading.await.unwrap_or_else(|error| {
        tracing::error!(%error, "Reading a picture did not end well");
        Err(Refusal::Broken)
    });
    read.map_err(|refusal| refused(&refusal))
}

fn refused(refusal: &Refusal) -> Error {
    Error::Rejected(refusal.to_string())
}
