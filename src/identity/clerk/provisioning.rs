//! Provisioning: creates, updates, links and deletes our rows of Clerk's users, in whatever order and by whichever way their data
//! arrives.
//!
//! Each is one transaction that first locks the user's row of `clerk_accounts`. Data that is not newer than the last applied one changes
//! nothing. Clerk has no role of a user; roles are ours.

use sqlx::{PgConnection, PgPool};

use crate::{
    audit,
    error::{Error, Result},
    id::UserId,
    identity::clerk::{
        person::{NO_ADDRESS, Person, Profile},
        queries::{self, Account, Holder},
    },
    users::{self, Role},
};

/// The result of provisioning a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioned {
    New(UserId),
    /// A local account with an address that Clerk verified. The user keeps what they have.
    Linked(UserId),
    Changed(UserId),
    /// The data was applied already, or is older than the last applied one.
    Known(UserId),
    /// The user was deleted, and stays deleted.
    Deleted,
}

impl Provisioned {
    const fn name(self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Linked(_) => "linked",
            Self::Changed(_) => "changed",
            Self::Known(_) => "known",
            Self::Deleted => "deleted",
        }
    }

    const fn user(self) -> Option<UserId> {
        match self {
            Self::New(user) | Self::Linked(user) | Self::Changed(user) | Self::Known(user) => Some(user),
            Self::Deleted => None,
        }
    }
}

/// Creates or updates a user from Clerk's data. The user with the address `admin_email` becomes admin once Clerk has verified it.
///
/// # Errors
/// The database's.
pub async fn provision(db: &PgPool, person: &Person, admin_email: Option<&str>) -> Result<Provisioned> {
    let (clerk, profile) = (person.id.as_str(), person.profile());
    let mut tx = db.begin().await?;
    let account = lock(&mut tx, clerk).await?;
    if account.deleted {
        return Ok(Provisioned::Deleted);
    }
    if let (Some(user), Some(as_of)) = (account.user_id, account.as_of)
        && profile.as_of <= as_of
    {
        return Ok(Provisioned::Known(user));
    }
    let holder = match &profile.email {
        Some(email) => queries::lock_holder(&mut *tx, email).await?,
        None => None,
    };
    let outcome = write(&mut tx, clerk, &profile, &account, holder).await?;
    let user = outcome.user().ok_or(Error::Internal)?;
    if profile.verified && !account.email_verified {
        promote(&mut tx, &profile, user, admin_email).await?;
    }
    queries::update_account(&mut *tx, clerk, user, profile.as_of, profile.verified).await?;
    tx.commit().await?;
    tracing::info!(clerk, %user, outcome = outcome.name(), "Provisioned a user of Clerk");
    Ok(outcome)
}

/// Anonymizes a user who was deleted at Clerk. Their purchases stay.
///
/// # Errors
/// The database's.
pub async fn delete(db: &PgPool, clerk: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    let account = lock(&mut tx, clerk).await?;
    if account.deleted {
        return Ok(());
    }
    if let Some(user) = account.user_id {
        users::queries::revoke_local_credentials(&mut *tx, user).await?;
        users::queries::anonymize(&mut *tx, user, clerk).await?;
        audit::service::record_automatic(
            &mut *tx,
            "user.delete",
            user.uuid(),
            "A student deleted their account at Clerk",
        )
        .await?;
    }
    queries::delete_account(&mut *tx, clerk, account.user_id).await?;
    tx.commit().await?;
    tracing::info!(clerk, "Deleted a user of Clerk");
    Ok(())
}

/// Locks the row of `clerk_accounts`, which is created if it does not exist.
async fn lock(tx: &mut PgConnection, clerk: &str) -> sqlx::Result<Account> {
    queries::insert_account(&mut *tx, clerk).await?;
    queries::lock_account(&mut *tx, clerk).await
}

/// Decides which row of `users` this is, and writes it.
async fn write(
    tx: &mut PgConnection,
    clerk: &str,
    profile: &Profile,
    account: &Account,
    holder: Option<Holder>,
) -> Result<Provisioned> {
    match (account.user_id, holder) {
        (own, Some(Holder { id, name, local: true, .. })) if profile.verified && can_abandon(&mut *tx, own).await? => {
            if let Some(own) = own {
                users::queries::anonymize(&mut *tx, own, &format!("left_{own}")).await?;
            }
            users::queries::revoke_local_credentials(&mut *tx, id).await?;
            queries::update(&mut *tx, id, clerk, profile.email.as_deref().unwrap_or_default(), profile).await?;
            let summary = format!("Linked the account of {name} to Clerk");
            audit::service::record_automatic(&mut *tx, "user.link", id.uuid(), &summary).await?;
            Ok(Provisioned::Linked(id))
        }
        (Some(own), holder) => {
            let holder = holder.filter(|holder| holder.id != own);
            let email = resolve_email(&mut *tx, clerk, profile, holder).await?;
            queries::update(&mut *tx, own, clerk, &email, profile).await?;
            Ok(Provisioned::Changed(own))
        }
        (None, holder) => {
            let email = resolve_email(&mut *tx, clerk, profile, holder).await?;
            Ok(Provisioned::New(queries::insert(&mut *tx, clerk, &email, profile).await?))
        }
    }
}

/// Returns whether a user can be moved from their row to that of their former local account: they have no row, or an unused one.
async fn can_abandon(tx: &mut PgConnection, own: Option<UserId>) -> sqlx::Result<bool> {
    match own {
        Some(own) => queries::is_unused(&mut *tx, own).await,
        None => Ok(true),
    }
}

/// Returns the email address to store: the user's own, or a placeholder when it belongs to another user. Two users of Clerk never have
/// the same verified address at one time: the one with the newer data has it, and an event for the other will follow.
async fn resolve_email(
    tx: &mut PgConnection,
    clerk: &str,
    profile: &Profile,
    holder: Option<Holder>,
) -> sqlx::Result<String> {
    let placeholder = || format!("{clerk}{NO_ADDRESS}");
    let Some(email) = &profile.email else { return Ok(placeholder()) };
    match holder {
        None => Ok(email.clone()),
        Some(Holder { id, local: false, as_of, .. })
            if profile.verified && as_of.is_none_or(|as_of| as_of < profile.as_of) =>
        {
            queries::set_email(&mut *tx, id, &format!("{id}{NO_ADDRESS}")).await?;
            Ok(email.clone())
        }
        Some(Holder { id, .. }) => {
            tracing::warn!(clerk, holder = %id, "Another user has this email address and keeps it");
            Ok(placeholder())
        }
    }
}

/// Makes the user admin if their address is `admin_email`.
async fn promote(
    tx: &mut PgConnection,
    profile: &Profile,
    user: UserId,
    admin_email: Option<&str>,
) -> sqlx::Result<()> {
    let admin =
        profile.email.as_deref().zip(admin_email).is_some_and(|(email, admin)| email.eq_ignore_ascii_case(admin));
    if admin {
        users::queries::set_role(&mut *tx, user, Role::Admin).await?;
    }
    Ok(())
}
