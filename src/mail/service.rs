//! Changes of the outbox by an admin, each in one transaction with its entry in the audit log.

use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, Result},
    id::UserId,
    mail::queries,
    platform::clock,
};

/// Makes a mail due again that was not delivered for certain.
///
/// # Errors
/// [`Error::NotFound`] without such a mail, [`Error::Conflict`] when it was sent or is due already.
pub async fn resend(db: &PgPool, admin: UserId, mail: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    let Some((user, subject)) = queries::update_for_resend(&mut *tx, mail, clock::now()).await? else {
        queries::find(&mut *tx, mail).await?.ok_or(Error::NotFound)?;
        return Err(Error::Conflict("This mail was sent already or is waiting to be sent. Reload the page.".into()));
    };
    audit::service::record(&mut *tx, admin, "mail.send_again", user, &format!("Resent the mail “{subject}”")).await?;
    tx.commit().await?;
    Ok(())
}
