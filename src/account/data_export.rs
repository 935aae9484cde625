//! Export of a user's data.

use sqlx::PgPool;

use crate::{
    account::queries,
    error::{Error, Result},
    id::UserId,
};

/// Returns everything that is stored about a user, as readable JSON.
///
/// # Errors
/// [`Error::NotFound`] when the user was deleted.
pub async fn write(db: &PgPool, user: UserId) -> Result<Vec<u8>> {
    let data = queries::find_data(db, user).await?.ok_or(Error::NotFound)?;
    Ok(serde_json::to_vec_pretty(&data).map_err(anyhow::Error::from)?)
}
