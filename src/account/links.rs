//! Links that are sent by mail, and prove that the user reads that mailbox. A link has 32 random bytes, and works once and for a limited
//! time; the database has their SHA-256.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use sqlx::PgConnection;

use crate::{
    account::{LinkPurpose, queries},
    id::UserId,
    identity::local,
    paths,
};

impl LinkPurpose {
    /// Returns how long a link works. One that gives access to the account works for a shorter time than one that confirms an address.
    pub const fn lifetime(self) -> TimeDelta {
        match self {
            Self::Confirm | Self::ChangeAddress => TimeDelta::days(3),
            Self::Reset => TimeDelta::hours(1),
            Self::SignIn => TimeDelta::minutes(20),
        }
    }

    /// Returns the lifetime as a mail states it.
    pub const fn lifetime_label(self) -> &'static str {
        match self {
            Self::Confirm | Self::ChangeAddress => "three days",
            Self::Reset => "an hour",
            Self::SignIn => "twenty minutes",
        }
    }
}

/// Creates a link and returns the path that opens it.
///
/// # Errors
/// The database's.
pub async fn create(
    tx: &mut PgConnection,
    user: UserId,
    purpose: LinkPurpose,
    address: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<String> {
    let token = hex::encode(rand::rng().random::<[u8; 32]>());
    queries::insert_link(tx, &local::digest(&token), user, purpose, address, now + purpose.lifetime()).await?;
    Ok(paths::open_link(&token))
}
