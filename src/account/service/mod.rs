//! What happens to an account, each in one transaction: with the letters that tell of it.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    account::{
        self, Purpose, emails,
        input::{self, SignUp},
        links, queries,
    },
    audit,
    error::{Error, FieldError, Result, on_constraint},
    id::UserId,
    identity::local::{self, hash, in_background},
    mail::queries as outbox,
    users::{Role, queries as users},
};

const GONE: &str = "This link was used already, or is too old. Ask for a new one.";

/// Sends a link to an account's own address.
///
/// # Errors
/// The database's.
pub async fn send_link(
    tx: &mut PgConnection,
    user: UserId,
    name: &str,
    address: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> sqlx::Result<String> {
    let path = links::make(&mut *tx, user, purpose, address, now).await?;
    outbox::insert(tx, "account_link", None, user, &emails::with_link(purpose, name, &path)).await?;
    Ok(path)
}

/// Somebody forgot their password, or wants to sign in without one. Nobody is told whether there is such an account; the path of the
/// link is for the embedded outbox of a school that is tried.
///
/// # Errors
/// The database's.
pub async fn ask_for_link(db: &PgPool, address: &str, purpose: Purpose, now: DateTime<Utc>) -> Result<Option<String>> {
    let Some(holder) = queries::find_by_address(db, address.trim()).await? else { return Ok(None) };
    let mut tx = db.begin().await?;
    let path = send_link(&mut tx, holder.id, &holder.name, &holder.email, purpose, now).await?;
    tx.commit().await?;
    Ok(Some(path))
}

/// Sends the link that confirms an address once more.
///
/// # Errors
/// The database's, or [`Error::NotFound`] for nobody.
pub async fn ask_to_confirm(db: &PgPool, user: UserId, now: DateTime<Utc>) -> Result<Option<String>> {
    let mut tx = db.begin().await?;
    let holder = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    if holder.confirmed {
        return Ok(None);
    }
    let path = send_link(&mut tx, user, &holder.name, &holder.email, Purpose::Confirm, now).await?;
    tx.commit().await?;
    Ok(Some(path))
}

/// What using a link came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    pub user: UserId,
    pub purpose: Purpose,
    /// Whoever set the password was never shown to own the address, so it is gone.
    pub password_gone: bool,
}

/// Uses a link, once. `new_password` is for the one that sets it. Whoever opens a link reads the mail of its address, so that the
/// address is known to be theirs; `admin_email` becomes admin with that.
///
/// # Errors
/// [`Error::Rejected`] for a link that is none any more, [`Error::Invalid`] for a password that will not do; the link stays then.
pub async fn use_link(
    db: &PgPool,
    token: &str,
    new_password: &str,
    admin_email: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Used> {
    let hash = local::digest(token);
    let open = queries::find_link(db, &hash, now).await?.ok_or_else(|| Error::Rejected(GONE.into()))?;
    let password_hash = match open.purpose {
        Purpose::Reset => Some(local::hash_new(new_password, "password", &[&open.address]).await?),
        Purpose::Confirm | Purpose::SignIn | Purpose::ChangeAddress => None,
    };
    let mut tx = db.begin().await?;
    let link = queries::spend_link(&mut *tx, &hash, now).await?.ok_or_else(|| Error::Rejected(GONE.into()))?;
    let (user, purpose) = (link.user, link.purpose);
    let holder = queries::lock(&mut *tx, user).await?.ok_or_else(|| Error::Rejected(GONE.into()))?;
    match (purpose, password_hash) {
        (Purpose::ChangeAddress, _) => {
            // To the old address, while it is the account's.
            let letter = emails::address_changed(&holder.name, &link.address);
            outbox::insert(&mut *tx, "address_changed", None, user, &letter).await?;
            queries::set_address(&mut *tx, user, &link.address, now).await.map_err(taken)?;
            queries::delete_links(&mut *tx, user, None).await?;
        }
        (Purpose::Reset, Some(password_hash)) => {
            queries::set_password(&mut *tx, user, &password_hash).await?;
            queries::end_sessions(&mut *tx, user, None).await?;
            queries::delete_links(&mut *tx, user, None).await?;
            let letter = emails::password_changed(&holder.name);
            outbox::insert(&mut *tx, "password_changed", None, user, &letter).await?;
        }
        // Somebody else may have signed up with this address, and wait for its owner to come.
        (Purpose::SignIn, _) if !holder.confirmed => users::revoke_local_credentials(&mut *tx, user).await?,
        (Purpose::Confirm | Purpose::SignIn | Purpose::Reset, _) => {
            queries::delete_links(&mut *tx, user, Some(purpose)).await?;
        }
    }
    queries::confirm(&mut *tx, user, now).await?;
    if admin_email.is_some_and(|admin| admin.eq_ignore_ascii_case(&link.address)) {
        users::grant_admin(&mut *tx, &link.address).await?;
    }
    tx.commit().await?;
    tracing::info!(%user, ?purpose, "Somebody used a link");
    Ok(Used { user, purpose, password_gone: purpose == Purpose::SignIn && !holder.confirmed })
}

fn taken(error: sqlx::Error) -> Error {
    if on_constraint(&error, "users_email_key") {
        Error::Rejected("Another account has this address by now.".into())
    } else {
        error.into()
    }
}

/// Changes the password of somebody who knows it. `here` is the session that stays.
///
/// # Errors
/// [`Error::Invalid`] when the old one is wrong or the new one will not do.
pub async fn change_password(db: &PgPool, user: UserId, email: &str, here: &str, old: &str, new: &str) -> Result<()> {
    check(db, user, email, old, "current_password").await?;
    let hash = local::hash_new(new, "new_password", &[email]).await?;
    let mut tx = db.begin().await?;
    let holder = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    queries::set_password(&mut *tx, user, &hash).await?;
    queries::end_sessions(&mut *tx, user, Some(&local::digest(here))).await?;
    queries::delete_links(&mut *tx, user, None).await?;
    outbox::insert(&mut *tx, "password_changed", None, user, &emails::password_changed(&holder.name)).await?;
    tx.commit().await?;
    Ok(())
}

/// Asks the new address whether it is theirs. Until then the account stays where it is. Whether another account has it is told to
/// nobody but whoever reads its mail.
///
/// # Errors
/// [`Error::Invalid`] when the password is wrong or the address is none.
pub async fn change_address(
    db: &PgPool,
    user: UserId,
    email: &str,
    password: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<String> {
    let new = new.trim();
    if let Some(error) = input::address_trouble(new) {
        return Err(Error::Invalid(vec![FieldError::new("email", error)]));
    }
    if new.eq_ignore_ascii_case(email) {
        return Err(Error::Invalid(vec![FieldError::new("email", "This is your address already.")]));
    }
    check(db, user, email, password, "password").await?;
    let mut tx = db.begin().await?;
    let holder = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    queries::delete_links(&mut *tx, user, Some(Purpose::ChangeAddress)).await?;
    let path = links::make(&mut tx, user, Purpose::ChangeAddress, new, now).await?;
    let letter = emails::with_link(Purpose::ChangeAddress, &holder.name, &path);
    outbox::insert_to(&mut *tx, "account_link", user, new, &letter).await?;
    tx.commit().await?;
    Ok(path)
}

/// What somebody is called from now on.
///
/// # Errors
/// [`Error::Invalid`] when that is no name.
pub async fn rename(db: &PgPool, user: UserId, name: &str) -> Result<()> {
    let name = name.trim();
    if let Some(error) = input::name_trouble(name) {
        return Err(Error::Invalid(vec![FieldError::new("name", error)]));
    }
    Ok(queries::set_name(db, user, name).await?)
}

/// Ends one session of the user's, or every one but `here`.
///
/// # Errors
/// The database's.
pub async fn end_sessions(db: &PgPool, user: UserId, here: &str, session: Option<Uuid>) -> Result<&'static str> {
    Ok(match session {
        Some(session) if queries::end_session(db, user, session).await? => "Signed out there.",
        Some(_) => "That session had ended already.",
        None => match queries::end_sessions(db, user, Some(&local::digest(here))).await? {
            0 => "You are signed in nowhere else.",
            _ => "Signed out everywhere else.",
        },
    })
}

/// Deletes the account of somebody who knows its password. The last admin stays.
///
/// # Errors
/// [`Error::Invalid`] when the password is wrong, [`Error::Conflict`] for the last admin.
pub async fn delete(db: &PgPool, user: UserId, email: &str, password: &str) -> Result<()> {
    check(db, user, email, password, "password").await?;
    let mut tx = db.begin().await?;
    let admins = users::lock_admins(&mut *tx).await?;
    if admins == [user] {
        return Err(Error::Conflict("You are the only admin. Make somebody else admin first.".into()));
    }
    let holder = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    users::revoke_local_credentials(&mut *tx, user).await?;
    users::anonymize(&mut *tx, user, &format!("deleted_{user}")).await?;
    outbox::insert_to(&mut *tx, "account_deleted", user, &holder.email, &emails::deleted(&holder.name)).await?;
    audit::service::record(&mut *tx, user, "user.delete", user.uuid(), "Deleted their own account").await?;
    tx.commit().await?;
    tracing::info!(%user, "Somebody deleted their account");
    Ok(())
}

/// Whether somebody knows their own password.
async fn check(db: &PgPool, user: UserId, email: &str, password: &str, field: &str) -> Result<()> {
    match local::check_password(db, email, password).await? {
        Some(known) if known == user => Ok(()),
        _ => Err(Error::Invalid(vec![FieldError::new(field, "This is not your password.")])),
    }
}

/// Makes the account, and asks whether the address is theirs. `admin_email` is the address that becomes admin.
///
/// # Errors
/// [`Error::Invalid`] when the address is taken: without a mail to the owner, this much has to be told.
pub async fn sign_up(db: &PgPool, form: SignUp, admin_email: Option<&str>, now: DateTime<Utc>) -> Result<UserId> {
    let SignUp { name, email, password } = form;
    let password_hash = in_background(move || hash(&password)).await?;
    let admin = admin_email.is_some_and(|admin| admin.eq_ignore_ascii_case(&email));
    let role = if admin { Role::Admin } else { Role::User };
    let mut tx = db.begin().await?;
    let subject = format!("local_{}", uuid::Uuid::new_v4());
    let user = users::insert(&mut *tx, &subject, &email, &name, role).await.map_err(|error| {
        if on_constraint(&error, "users_email_key") {
            let sentence = "No account could be made with this address. If it is yours, sign in instead.";
            Error::Invalid(vec![FieldError::new("email", sentence)])
        } else {
            error.into()
        }
    })?;
    users::insert_credentials(&mut *tx, user, &password_hash).await?;
    account::service::send_link(&mut tx, user, &name, &email, Purpose::Confirm, now).await?;
    tx.commit().await?;
    tracing::info!(%user, ?role, "Somebody signed up");
    Ok(user)
}
