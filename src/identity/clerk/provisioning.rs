//! Welcoming: what Clerk tells of somebody becomes a row of ours, by whichever way and in whichever order it comes.
//!
//! Everything is one transaction that begins with a lock on what we know of this person's account. What is not newer than that
//! changes nothing. The role is ours: Clerk tells none.

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

/// What became of what Clerk told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioned {
    New(UserId),
    /// A local account whose address Clerk knows to be theirs. They keep what they have.
    Linked(UserId),
    Changed(UserId),
    /// It was known already, or is older than what is.
    Known(UserId),
    /// They are gone, and stay so.
    Gone,
}

impl Provisioned {
    pub const fn word(self) -> &'static str {
        match self {
            Self::New(_) => "new",
            Self::Linked(_) => "linked",
            Self::Changed(_) => "changed",
            Self::Known(_) => "known",
            Self::Gone => "gone",
        }
    }

    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::New(user) | Self::Linked(user) | Self::Changed(user) | Self::Known(user) => Some(user),
            Self::Gone => None,
        }
    }
}

/// Takes in what Clerk knows of somebody. `admin_email` becomes admin once Clerk knows that the address is theirs.
///
/// # Errors
/// The database's.
pub async fn provision(db: &PgPool, person: &Person, admin_email: Option<&str>) -> Result<Provisioned> {
    let (clerk, profile) = (person.id.as_str(), person.profile());
    let mut tx = db.begin().await?;
    let account = lock(&mut tx, clerk).await?;
    if account.deleted {
        return Ok(Provisioned::Gone);
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
    let welcome = write(&mut tx, clerk, &profile, &account, holder).await?;
    let user = welcome.user().ok_or(Error::Internal)?;
    if profile.verified && !account.email_verified {
        promote(&mut tx, &profile, user, admin_email).await?;
    }
    queries::update_account(&mut *tx, clerk, user, profile.as_of, profile.verified).await?;
    tx.commit().await?;
    tracing::info!(clerk, %user, welcome = welcome.word(), "Took in what Clerk knows of somebody");
    Ok(welcome)
}

/// Somebody is gone at Clerk: here they become a tombstone, and their purchases stay.
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
        audit::service::record_unasked(
            &mut *tx,
            "user.delete",
            user.uuid(),
            "A student deleted their account at Clerk",
        )
        .await?;
    }
    queries::delete_account(&mut *tx, clerk, account.user_id).await?;
    tx.commit().await?;
    tracing::info!(clerk, "Somebody is gone at Clerk");
    Ok(())
}

async fn lock(tx: &mut PgConnection, clerk: &str) -> sqlx::Result<Account> {
    queries::insert_account(&mut *tx, clerk).await?;
    queries::lock_account(&mut *tx, clerk).await
}

/// Finds whose row this is, and writes it.
async fn write(
    tx: &mut PgConnection,
    clerk: &str,
    profile: &Profile,
    account: &Account,
    holder: Option<Holder>,
) -> Result<Provisioned> {
    match (account.user_id, holder) {
        (own, Some(Holder { id, name, local: true, .. })) if profile.verified && may_leave(&mut *tx, own).await? => {
            if let Some(own) = own {
                users::queries::anonymize(&mut *tx, own, &format!("left_{own}")).await?;
            }
            users::queries::revoke_local_credentials(&mut *tx, id).await?;
            queries::update(&mut *tx, id, clerk, profile.email.as_deref().unwrap_or_default(), profile).await?;
            let summary = format!("The account of {name} is Clerk's from now on");
            audit::service::record_unasked(&mut *tx, "user.link", id.uuid(), &summary).await?;
            Ok(Provisioned::Linked(id))
        }
        (Some(own), holder) => {
            let holder = holder.filter(|holder| holder.id != own);
            let email = address(&mut *tx, clerk, profile, holder).await?;
            queries::update(&mut *tx, own, clerk, &email, profile).await?;
            Ok(Provisioned::Changed(own))
        }
        (None, holder) => {
            let email = address(&mut *tx, clerk, profile, holder).await?;
            Ok(Provisioned::New(queries::insert(&mut *tx, clerk, &email, profile).await?))
        }
    }
}

/// Whether somebody can leave the row they have for the one they had before: they have none, or nothing in it.
async fn may_leave(tx: &mut PgConnection, own: Option<UserId>) -> sqlx::Result<bool> {
    match own {
        Some(own) => queries::is_bare(&mut *tx, own).await,
        None => Ok(true),
    }
}

/// The address that goes into the row: theirs, unless somebody else has it with more right. Two rows at Clerk never have one
/// verified address at one time: whoever was told of later has it, and the other will be told of.
async fn address(
    tx: &mut PgConnection,
    clerk: &str,
    profile: &Profile,
    holder: Option<Holder>,
) -> sqlx::Result<String> {
    let none = |clerk: &str| format!("{clerk}{NO_ADDRESS}");
    let Some(email) = &profile.email else { return Ok(none(clerk)) };
    match holder {
        None => Ok(email.clone()),
        Some(Holder { id, local: false, as_of, .. })
            if profile.verified && as_of.is_none_or(|as_of| as_of < profile.as_of) =>
        {
            queries::set_email(&mut *tx, id, &format!("{id}{NO_ADDRESS}")).await?;
            Ok(email.clone())
        }
        Some(Holder { id, .. }) => {
            tracing::warn!(clerk, holder = %id, "Somebody else here has the address that Clerk tells; it stays with them");
            Ok(none(clerk))
        }
    }
}

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
