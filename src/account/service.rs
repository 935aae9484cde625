//! Changes of an account. Each is one transaction, with the mails about it.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    account::{
        LinkPurpose, emails,
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

/// The error of a link that does not work.
pub const LINK_EXPIRED: &str = "This link was already used, or it has expired. Request a new one.";

/// Mails a link to an account's own address, and returns its path.
///
/// # Errors
/// The database's.
pub async fn send_link(
    tx: &mut PgConnection,
    user: UserId,
    name: &str,
    address: &str,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
) -> sqlx::Result<String> {
    let path = links::create(&mut *tx, user, purpose, address, now).await?;
    outbox::insert(tx, "account_link", None, user, &emails::with_link(purpose, name, &path)).await?;
    Ok(path)
}

/// Mails a link to reset the password or to sign in. Returns the path of the link, for development servers only; `None` when there is
/// no such account, which the caller must not reveal.
///
/// # Errors
/// The database's.
pub async fn request_link(
    db: &PgPool,
    address: &str,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let Some(owner) = queries::find_by_address(db, address.trim()).await? else { return Ok(None) };
    let mut tx = db.begin().await?;
    let path = send_link(&mut tx, owner.id, &owner.name, &owner.email, purpose, now).await?;
    tx.commit().await?;
    Ok(Some(path))
}

/// Mails another link to confirm the address, and returns its path; `None` when the address is confirmed.
///
/// # Errors
/// The database's, or [`Error::NotFound`] when the user was deleted.
pub async fn request_confirmation(db: &PgPool, user: UserId, now: DateTime<Utc>) -> Result<Option<String>> {
    let mut tx = db.begin().await?;
    let owner = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    if owner.confirmed {
        return Ok(None);
    }
    let path = send_link(&mut tx, user, &owner.name, &owner.email, LinkPurpose::Confirm, now).await?;
    tx.commit().await?;
    Ok(Some(path))
}

/// The effect of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEffect {
    pub user: UserId,
    pub purpose: LinkPurpose,
    /// Whether the password was removed, because it was set before anyone confirmed the address.
    pub password_removed: bool,
}

/// Uses a link, once. `new_password` is for a link that resets the password. The user reads the mail of the link's address, so the
/// address is confirmed; the user with the address `admin_email` becomes admin.
///
/// # Errors
/// [`Error::Rejected`] for a link that does not work, [`Error::Invalid`] for a weak password; the link can be used again then.
pub async fn use_link(
    db: &PgPool,
    token: &str,
    new_password: &str,
    admin_email: Option<&str>,
    now: DateTime<Utc>,
) -> Result<LinkEffect> {
    let hash = local::digest(token);
    let open = queries::find_link(db, &hash, now).await?.ok_or_else(|| Error::Rejected(LINK_EXPIRED.into()))?;
    let password_hash = match open.purpose {
        LinkPurpose::Reset => Some(local::hash_new(new_password, "password", &[&open.address]).await?),
        LinkPurpose::Confirm | LinkPurpose::SignIn | LinkPurpose::ChangeAddress => None,
    };
    let mut tx = db.begin().await?;
    let link = queries::take_link(&mut *tx, &hash, now).await?.ok_or_else(|| Error::Rejected(LINK_EXPIRED.into()))?;
    let (user, purpose) = (link.user, link.purpose);
    let owner = queries::lock(&mut *tx, user).await?.ok_or_else(|| Error::Rejected(LINK_EXPIRED.into()))?;
    match (purpose, password_hash) {
        (LinkPurpose::ChangeAddress, _) => {
            // The mail goes to the old address, which the account still has here.
            let mail = emails::address_changed(&owner.name, &link.address);
            outbox::insert(&mut *tx, "address_changed", None, user, &mail).await?;
            queries::set_address(&mut *tx, user, &link.address, now).await.map_err(address_error)?;
            queries::delete_links(&mut *tx, user, None).await?;
        }
        (LinkPurpose::Reset, Some(password_hash)) => {
            queries::set_password(&mut *tx, user, &password_hash).await?;
            queries::delete_sessions(&mut *tx, user, None).await?;
            queries::delete_links(&mut *tx, user, None).await?;
            let mail = emails::password_changed(&owner.name);
            outbox::insert(&mut *tx, "password_changed", None, user, &mail).await?;
        }
        // Someone else may have signed up with this address, to share the account with its owner.
        (LinkPurpose::SignIn, _) if !owner.confirmed => users::revoke_local_credentials(&mut *tx, user).await?,
        (LinkPurpose::Confirm | LinkPurpose::SignIn | LinkPurpose::Reset, _) => {
            queries::delete_links(&mut *tx, user, Some(purpose)).await?;
        }
    }
    queries::confirm_address(&mut *tx, user, now).await?;
    if admin_email.is_some_and(|admin| admin.eq_ignore_ascii_case(&link.address)) {
        users::grant_admin(&mut *tx, &link.address).await?;
    }
    tx.commit().await?;
    tracing::info!(%user, ?purpose, "Used a link");
    Ok(LinkEffect { user, purpose, password_removed: purpose == LinkPurpose::SignIn && !owner.confirmed })
}

/// Turns a violated unique constraint into a sentence.
fn address_error(error: sqlx::Error) -> Error {
    if on_constraint(&error, "users_email_key") {
        Error::Rejected("Another account has this address now.".into())
    } else {
        error.into()
    }
}

/// Changes the password of a user who enters the current one. All sessions end, except that with the token `here`.
///
/// # Errors
/// [`Error::Invalid`] when the current password is wrong or the new one too weak.
pub async fn change_password(db: &PgPool, user: UserId, email: &str, here: &str, old: &str, new: &str) -> Result<()> {
    verify_password(db, user, email, old, "current_password").await?;
    let hash = local::hash_new(new, "new_password", &[email]).await?;
    let mut tx = db.begin().await?;
    let owner = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    queries::set_password(&mut *tx, user, &hash).await?;
    queries::delete_sessions(&mut *tx, user, Some(&local::digest(here))).await?;
    queries::delete_links(&mut *tx, user, None).await?;
    outbox::insert(&mut *tx, "password_changed", None, user, &emails::password_changed(&owner.name)).await?;
    tx.commit().await?;
    Ok(())
}

/// Mails a link to a new email address, and returns its path. The account keeps its address until the link is opened. That another
/// account has the new address is revealed only to those who read its mail.
///
/// # Errors
/// [`Error::Invalid`] when the password is wrong or the address is invalid.
pub async fn change_address(
    db: &PgPool,
    user: UserId,
    email: &str,
    password: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<String> {
    let new = new.trim();
    if let Some(error) = input::find_email_error(new) {
        return Err(Error::Invalid(vec![FieldError::new("email", error)]));
    }
    if new.eq_ignore_ascii_case(email) {
        return Err(Error::Invalid(vec![FieldError::new("email", "This is already your address.")]));
    }
    verify_password(db, user, email, password, "password").await?;
    let mut tx = db.begin().await?;
    let owner = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    queries::delete_links(&mut *tx, user, Some(LinkPurpose::ChangeAddress)).await?;
    let path = links::create(&mut tx, user, LinkPurpose::ChangeAddress, new, now).await?;
    let mail = emails::with_link(LinkPurpose::ChangeAddress, &owner.name, &path);
    outbox::insert_to_address(&mut *tx, "account_link", user, new, &mail).await?;
    tx.commit().await?;
    Ok(path)
}

/// Changes the name.
///
/// # Errors
/// [`Error::Invalid`] when the name is invalid.
pub async fn rename(db: &PgPool, user: UserId, name: &str) -> Result<()> {
    let name = name.trim();
    if let Some(error) = input::find_name_error(name) {
        return Err(Error::Invalid(vec![FieldError::new("name", error)]));
    }
    Ok(queries::set_name(db, user, name).await?)
}

/// Ends one session of a user, or all except that with the token `here`. Returns the message for the page.
///
/// # Errors
/// The database's.
pub async fn end_sessions(db: &PgPool, user: UserId, here: &str, session: Option<Uuid>) -> Result<&'static str> {
    Ok(match session {
        Some(session) if queries::delete_session(db, user, session).await? => "Signed out there.",
        Some(_) => "That session had already ended.",
        None => match queries::delete_sessions(db, user, Some(&local::digest(here))).await? {
            0 => "You are signed in nowhere else.",
            _ => "Signed out everywhere else.",
        },
    })
}

/// Deletes the account of a user who enters its password. The last admin cannot delete theirs.
///
/// # Errors
/// [`Error::Invalid`] when the password is wrong, [`Error::Conflict`] for the last admin.
pub async fn delete(db: &PgPool, user: UserId, email: &str, password: &str) -> Result<()> {
    verify_password(db, user, email, password, "password").await?;
    let mut tx = db.begin().await?;
    let admins = users::lock_admins(&mut *tx).await?;
    if admins == [user] {
        return Err(Error::Conflict("You are the only admin. Make another user admin first.".into()));
    }
    let owner = queries::lock(&mut *tx, user).await?.ok_or(Error::NotFound)?;
    users::revoke_local_credentials(&mut *tx, user).await?;
    users::anonymize(&mut *tx, user, &format!("deleted_{user}")).await?;
    outbox::insert_to_address(&mut *tx, "account_deleted", user, &owner.email, &emails::deleted(&owner.name)).await?;
    audit::service::record(&mut *tx, user, "user.delete", user.uuid(), "Deleted their own account").await?;
    tx.commit().await?;
    tracing::info!(%user, "A user deleted their account");
    Ok(())
}

/// Checks a password that a signed-in user enters again in `field`.
async fn verify_password(db: &PgPool, user: UserId, email: &str, password: &str, field: &str) -> Result<()> {
    match local::check_password(db, email, password).await? {
        Some(found) if found == user => Ok(()),
        _ => Err(Error::Invalid(vec![FieldError::new(field, "This is not your password.")])),
    }
}

/// Creates an account, and mails a link to confirm its address. `admin_email` is the address that becomes admin.
///
/// # Errors
/// [`Error::Invalid`] when another account has the address. The form has to reveal that, because the visitor would wait for nothing.
pub async fn sign_up(db: &PgPool, form: SignUp, admin_email: Option<&str>, now: DateTime<Utc>) -> Result<UserId> {
    let SignUp { name, email, password } = form;
    let password_hash = in_background(move || hash(&password)).await?;
    let admin = admin_email.is_some_and(|admin| admin.eq_ignore_ascii_case(&email));
    let role = if admin { Role::Admin } else { Role::User };
    let mut tx = db.begin().await?;
    let subject = format!("local_{}", Uuid::new_v4());
    let user = users::insert(&mut *tx, &subject, &email, &name, role).await.map_err(|error| {
        if on_constraint(&error, "users_email_key") {
            let sentence = "No account could be created with this address. If it is yours, sign in instead.";
            Error::Invalid(vec![FieldError::new("email", sentence)])
        } else {
            error.into()
        }
    })?;
    users::insert_credentials(&mut *tx, user, &password_hash).await?;
    send_link(&mut tx, user, &name, &email, LinkPurpose::Confirm, now).await?;
    tx.commit().await?;
    tracing::info!(%user, ?role, "A user signed up");
    Ok(user)
}
