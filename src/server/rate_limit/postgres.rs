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

use crate::{
    error::Result,
    id::UserId,
    server::rate_limit::{ClientKey, Quota, RateLimits, queries, rate, rate_limited},
};

const MINUTE: Duration = Duration::from_mins(1);

/// What is tried, and what is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bucket {
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

impl Bucket {
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
    fn rate(self, allowance: u32) -> Quota {
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
pub struct Attempts {
    taken: Vec<(Bucket, String, Duration)>,
}

impl Attempts {
    /// It was right: it costs nothing.
    ///
    /// # Errors
    /// The database's, as of all below.
    pub async fn give_back(&self, db: &PgPool) -> Result<()> {
        for (bucket, who, every) in &self.taken {
            queries::give_back(db, bucket.name(), who, long(*every)).await?;
        }
        Ok(())
    }
}

impl RateLimits {
    /// Somebody tries a password. `account` is the address as it was typed. See [`Self::signed_in`].
    ///
    /// # Errors
    /// [`crate::error::Error::RateLimited`], as of all below, whether or not there is such an account.
    pub async fn sign_in(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<Attempts> {
        let (account, place) = (account.trim(), ClientKey::of(from));
        let home = format!("{place} {account}");
        if queries::is_remembered(db, HOME, &home).await? {
            return self.try_acquire(db, [(Bucket::SignInHome, home)]).await;
        }
        self.try_acquire(db, [(Bucket::SignInFrom, place.to_string()), (Bucket::SignInTo, account.to_owned())]).await
    }

    /// It was the right one: it cost nothing, and is known from here on.
    pub async fn signed_in(&self, db: &PgPool, attempts: Attempts, from: Option<IpAddr>, account: &str) -> Result<()> {
        attempts.give_back(db).await?;
        self.at_home(db, from, account).await
    }

    /// An account is known from here on: whoever tries its password elsewhere uses up nothing of its owner's.
    pub async fn at_home(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        queries::remember(db, HOME, &format!("{} {}", ClientKey::of(from), account.trim()), HOME_LASTS).await?;
        Ok(())
    }

    /// Somebody who is signed in says the password once more. Whoever only knows the address cannot use up these tries.
    pub async fn confirm(&self, db: &PgPool, user: UserId) -> Result<Attempts> {
        self.try_acquire(db, [(Bucket::Confirm, user.to_string())]).await
    }

    /// Somebody makes an account.
    pub async fn sign_up(&self, db: &PgPool, from: Option<IpAddr>) -> Result<()> {
        self.try_acquire(db, [(Bucket::SignUpFrom, ClientKey::of(from).to_string())]).await.map(drop)
    }

    /// Somebody asks for a mail to an account: a new password, a link to sign in. `account` is the address as it was typed.
    pub async fn mail(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        let buckets =
            [(Bucket::MailFrom, ClientKey::of(from).to_string()), (Bucket::MailTo, account.trim().to_owned())];
        self.try_acquire(db, buckets).await.map(drop)
    }

    /// Somebody tries a code. One that counts is given back.
    pub async fn code(&self, db: &PgPool, from: Option<IpAddr>, user: Option<UserId>) -> Result<Attempts> {
        let from = (Bucket::CodeFrom, ClientKey::of(from).to_string());
        self.try_acquire(db, [from].into_iter().chain(user.map(|user| (Bucket::CodeBy, user.to_string())))).await
    }

    async fn try_acquire(&self, db: &PgPool, buckets: impl IntoIterator<Item = (Bucket, String)>) -> Result<Attempts> {
        let mut taken = Vec::new();
        for (bucket, who) in buckets {
            let Quota { burst, every } = bucket.rate(self.allowance);
            let attempt = queries::take(db, bucket.name(), &who, long(every), long(every * burst)).await?;
            if !attempt.allowed {
                // Of ten thousand, the log has fourteen lines.
                if attempt.refused.cast_unsigned().is_power_of_two() {
                    tracing::warn!(bucket = bucket.name(), refused = attempt.refused, "Refused one too many");
                }
                return Err(rate_limited(Duration::try_from_secs_f64(attempt.wait).unwrap_or(every)));
            }
            taken.push((bucket, who, every));
        }
        Ok(Attempts { taken })
    }
}

fn long(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
