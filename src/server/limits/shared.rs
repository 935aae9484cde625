//! Limits that all servers share: what guards passwords, mailboxes and coupons.
//!
//! Only wrong tries cost: a token is taken before anything is looked at, so that many at once are counted, and given back when it was
//! right. An account that does not exist is counted like one that does.
//!
//! A stranger who tries an account's password all day empties its bucket, and must not lock its owner out with that. So whoever signed in
//! from an address before has a bucket of their own there.

use std::{net::IpAddr, time::Duration};

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{Limits, Place, Rate, queries, rate, too_many};
use crate::{error::Result, users::UserId};

const MINUTE: Duration = Duration::from_mins(1);

/// What is tried, and what is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// Passwords, from one address: one password for many accounts.
    SignInFrom,
    /// Passwords of one account: many passwords for one account.
    SignInTo,
    /// Passwords of one account from where its owner signed in before.
    SignInHome,
    /// Passwords of somebody who is signed in.
    Confirm,
    /// New accounts, from one address.
    SignUpFrom,
    /// Mails that somebody asks for who need not be the one that gets them: a new password, a link to sign in.
    MailFrom,
    MailTo,
    /// Codes of coupons.
    CodeFrom,
    CodeBy,
}

impl Door {
    const fn name(self) -> &'static str {
        match self {
            Self::SignInFrom => "sign-in from an address",
            Self::SignInTo => "sign-in to an account",
            Self::SignInHome => "sign-in to an account from home",
            Self::Confirm => "password of who is signed in",
            Self::SignUpFrom => "sign-up from an address",
            Self::MailFrom => "mail from an address",
            Self::MailTo => "mail to an account",
            Self::CodeFrom => "codes from an address",
            Self::CodeBy => "codes by an account",
        }
    }

    /// `allowance` is how many times as much one address may do; what guards a password or a mailbox does not grow with it.
    fn rate(self, allowance: u32) -> Rate {
        let address = |burst: u32, every: Duration| rate(burst.saturating_mul(allowance), every / allowance);
        match self {
            Self::SignInFrom | Self::CodeFrom => address(20, MINUTE),
            Self::SignInTo | Self::SignInHome | Self::Confirm => rate(10, MINUTE),
            Self::CodeBy => address(10, MINUTE),
            Self::SignUpFrom => address(30, MINUTE),
            Self::MailFrom => address(20, 3 * MINUTE),
            Self::MailTo => rate(4, 15 * MINUTE),
        }
    }
}

/// Where an account signed in from, and for how long that is remembered.
const HOME: &str = "home";
const HOME_LASTS: TimeDelta = TimeDelta::days(90);

/// A token that was taken at each of some doors.
#[must_use]
pub struct Tries {
    taken: Vec<(Door, String, Duration)>,
}

impl Tries {
    /// It was right: it costs nothing.
    ///
    /// # Errors
    /// The database's, as of all below.
    pub async fn give_back(&self, db: &PgPool) -> Result<()> {
        for (door, who, every) in &self.taken {
            queries::give_back(db, door.name(), who, long(*every)).await?;
        }
        Ok(())
    }
}

impl Limits {
    /// Somebody tries a password. `account` is the address as it was typed. See [`Self::signed_in`].
    ///
    /// # Errors
    /// [`crate::error::Error::TooMany`], as of all below, whether or not there is such an account.
    pub async fn sign_in(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<Tries> {
        let (account, place) = (account.trim(), Place::of(from));
        let home = format!("{place} {account}");
        if queries::is_remembered(db, HOME, &home).await? {
            return self.knock(db, [(Door::SignInHome, home)]).await;
        }
        self.knock(db, [(Door::SignInFrom, place.to_string()), (Door::SignInTo, account.to_owned())]).await
    }

    /// It was the right one: it cost nothing, and is known from here on.
    pub async fn signed_in(&self, db: &PgPool, tries: Tries, from: Option<IpAddr>, account: &str) -> Result<()> {
        tries.give_back(db).await?;
        self.at_home(db, from, account).await
    }

    /// An account is known from here on: whoever tries its password elsewhere uses up nothing of its owner's.
    pub async fn at_home(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        queries::remember(db, HOME, &format!("{} {}", Place::of(from), account.trim()), HOME_LASTS).await?;
        Ok(())
    }

    /// Somebody who is signed in says the password once more. Whoever only knows the address cannot use up these tries.
    pub async fn confirm(&self, db: &PgPool, user: UserId) -> Result<Tries> {
        self.knock(db, [(Door::Confirm, user.to_string())]).await
    }

    /// Somebody makes an account.
    pub async fn sign_up(&self, db: &PgPool, from: Option<IpAddr>) -> Result<()> {
        self.knock(db, [(Door::SignUpFrom, Place::of(from).to_string())]).await.map(drop)
    }

    /// Somebody asks for a mail to an account: a new password, a link to sign in. `account` is the address as it was typed.
    pub async fn mail(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        let doors = [(Door::MailFrom, Place::of(from).to_string()), (Door::MailTo, account.trim().to_owned())];
        self.knock(db, doors).await.map(drop)
    }

    /// Somebody tries a code. One that counts is given back.
    pub async fn code(&self, db: &PgPool, from: Option<IpAddr>, user: Option<UserId>) -> Result<Tries> {
        let from = (Door::CodeFrom, Place::of(from).to_string());
        self.knock(db, [from].into_iter().chain(user.map(|user| (Door::CodeBy, user.to_string())))).await
    }

    async fn knock(&self, db: &PgPool, doors: impl IntoIterator<Item = (Door, String)>) -> Result<Tries> {
        let mut taken = Vec::new();
        for (door, who) in doors {
            let Rate { burst, every } = door.rate(self.allowance);
            let knock = queries::take(db, door.name(), &who, long(every), long(every * burst)).await?;
            if !knock.allowed {
                // Of ten thousand, the log has fourteen lines.
                if knock.refused.cast_unsigned().is_power_of_two() {
                    tracing::warn!(door = door.name(), refused = knock.refused, "Refused one too many");
                }
                return Err(too_many(Duration::try_from_secs_f64(knock.wait).unwrap_or(every)));
            }
            taken.push((door, who, every));
        }
        Ok(Tries { taken })
    }
}

fn long(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
