//! Links that are sent by mail. Whoever opens one reads that person's mail. A link is 32 random bytes that work once and for a while;
//! the database has their SHA-256.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use sqlx::PgConnection;

use crate::{
    account::{Purpose, queries},
    id::UserId,
    identity::local,
    paths,
};

impl Purpose {
    /// How long a link works. What lets somebody in works shorter than what only proves an address.
    pub const fn lasts(self) -> TimeDelta {
        match self {
            Self::Confirm | Self::ChangeAddress => TimeDelta::days(3),
            Self::Reset => TimeDelta::hours(1),
            Self::SignIn => TimeDelta::minutes(20),
        }
    }

    /// As a mail says how long.
    pub const fn lasts_words(self) -> &'static str {
        match self {
            Self::Confirm | Self::ChangeAddress => "three days",
            Self::Reset => "an hour",
            Self::SignIn => "twenty minutes",
        }
    }
}

/// Makes a link, and gives the path that opens it.
///
/// # Errors
/// The database's.
pub async fn make(
    tx: &mut PgConnection,
    user: UserId,
    purpose: Purpose,
    address: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<String> {
    let token = hex::encode(rand::rng().random::<[u8; 32]>());
    queries::insert_link(tx, &local::digest(&token), user, purpose, address, now + purpose.lasts()).await?;
    Ok(paths::open_link(&token))
}
