//! Welcoming: what Clerk tells of somebody becomes a row of ours, by whichever way and in whichever order it comes.
//!
//! Everything is one transaction that begins with a lock on what we know of this person's account. What is not newer than that
//! changes nothing. The role is ours: Clerk tells none.

use sqlx::{PgConnection, PgPool};

use super::{
    person::{Kept, NO_ADDRESS, Person},
    queries::{self, Account, Holder},
};
use crate::{
    admin::audit,
    error::{Error, Result},
    users::{self, Role, UserId},
};

/// What became of what Clerk told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    New(UserId),
    /// A local account whose address Clerk knows to be theirs. They keep what they have.
    Linked(UserId),
    Changed(UserId),
    /// It was known already, or is older than what is.
    Known(UserId),
    /// They are gone, and stay so.
    Gone,
}

impl Welcome {
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
pub async fn take_in(db: &PgPool, person: &Person, admin_email: Option<&str>) -> Result<Welcome> {
    let (clerk, kept) = (person.id.as_str(), person.kept());
    let mut tx = db.begin().await?;
    let account = lock(&mut tx, clerk).await?;
    if account.deleted {
        return Ok(Welcome::Gone);
    }
    if let (Some(user), Some(as_of)) = (account.user_id, account.as_of)
        && kept.as_of <= as_of
    {
        return Ok(Welcome::Known(user));
    }
    let holder = match &kept.email {
        Some(email) => queries::lock_holder(&mut *tx, email).await?,
        None => None,
    };
    let welcome = write(&mut tx, clerk, &kept, &account, holder).await?;
    let user = welcome.user().ok_or(Error::Internal)?;
    if kept.verified && !account.email_verified {
        promote(&mut tx, &kept, user, admin_email).await?;
    }
    queries::update_account(&mut *tx, clerk, user, kept.as_of, kept.verified).await?;
    tx.commit().await?;
    tracing::info!(clerk, %user, welcome = welcome.word(), "Took in what Clerk knows of somebody");
    Ok(welcome)
}

/// Somebody is gone at Clerk: here they become a tombstone, and their purchases stay.
///
/// # Errors
/// The database's.
pub async fn forget(db: &PgPool, clerk: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    let account = lock(&mut tx, clerk).await?;
    if account.deleted {
        return Ok(());
    }
    if let Some(user) = account.user_id {
        users::queries::end_local(&mut *tx, user).await?;
        users::queries::bury(&mut *tx, user, clerk).await?;
        audit::record_unasked(&mut *tx, "user.delete", user.uuid(), "A student deleted their account at Clerk").await?;
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
    kept: &Kept,
    account: &Account,
    holder: Option<Holder>,
) -> Result<Welcome> {
    match (account.user_id, holder) {
        (own, Some(Holder { id, name, local: true, .. })) if kept.verified && may_leave(&mut *tx, own).await? => {
            if let Some(own) = own {
                users::queries::bury(&mut *tx, own, &format!("left_{own}")).await?;
            }
            users::queries::end_local(&mut *tx, id).await?;
            queries::update(&mut *tx, id, clerk, kept.email.as_deref().unwrap_or_default(), kept).await?;
            let summary = format!("The account of {name} is Clerk's from now on");
            audit::record_unasked(&mut *tx, "user.link", id.uuid(), &summary).await?;
            Ok(Welcome::Linked(id))
        }
        (Some(own), holder) => {
            let holder = holder.filter(|holder| holder.id != own);
            let email = address(&mut *tx, clerk, kept, holder).await?;
            queries::update(&mut *tx, own, clerk, &email, kept).await?;
            Ok(Welcome::Changed(own))
        }
        (None, holder) => {
            let email = address(&mut *tx, clerk, kept, holder).await?;
            Ok(Welcome::New(queries::insert(&mut *tx, clerk, &email, kept).await?))
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
async fn address(tx: &mut PgConnection, clerk: &str, kept: &Kept, holder: Option<Holder>) -> sqlx::Result<String> {
    let none = |clerk: &str| format!("{clerk}{NO_ADDRESS}");
    let Some(email) = &kept.email else { return Ok(none(clerk)) };
    match holder {
        None => Ok(email.clone()),
        Some(Holder { id, local: false, as_of, .. })
            if kept.verified && as_of.is_none_or(|as_of| as_of < kept.as_of) =>
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

async fn promote(tx: &mut PgConnection, kept: &Kept, user: UserId, admin_email: Option<&str>) -> sqlx::Result<()> {
    let admin = kept.email.as_deref().zip(admin_email).is_some_and(|(email, admin)| email.eq_ignore_ascii_case(admin));
    if admin {
        users::roster_queries::set_role(&mut *tx, user, Role::Admin).await?;
    }
    Ok(())
}
