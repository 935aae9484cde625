//! One's data, to take away.

use sqlx::PgPool;

use crate::{
    account::queries,
    error::{Error, Result},
    id::UserId,
};

/// Everything that is kept about somebody, as readable JSON.
///
/// # Errors
/// [`Error::NotFound`] for nobody.
pub async fn write(db: &PgPool, user: UserId) -> Result<Vec<u8>> {
    let data = queries::find_data(db, user).await?.ok_or(Error::NotFound)?;
    Ok(serde_json::to_vec_pretty(&data).map_err(anyhow::Error::from)?)
}
