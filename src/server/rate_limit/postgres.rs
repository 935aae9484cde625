//! Limits that all servers share through PostgreSQL: of passwords, mailboxes and coupon codes.
//!
//! Only failed attempts cost a token: it is taken before the attempt is checked, so that concurrent attempts count, and returned when
//! the attempt succeeds. An account that does not exist is counted like one that does.
//!
//! An attacker who tries an account's password all day empties its bucket, and must not lock its owner out. So an account has a
//! separate bucket for each address from which its owner signed in before.

use std::{net::IpAddr, time::Duration};

use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    error::Result,
    id::UserId,
    server::rate_limit::{ClientKey, Quota, RateLimits, queries, quota, rate_limited},
};

const MINUTE: Duration = Duration::from_mins(1);

/// A kind of attempt, and whether it is counted by address or by account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bucket {
    /// Passwords from one address: one password for many accounts.
    SignInByAddress,
    /// Passwords of one account: many passwords for one account.
    SignInByAccount,
    /// Passwords of one account from an address where its owner signed in before.
    SignInFromKnownAddress,
    /// Passwords that a signed-in user enters again.
    ConfirmPassword,
    /// New accounts from one address.
    SignUpByAddress,
    /// Mails that anyone can request for any account: to reset a password, or with a link to sign in.
    MailByAddress,
    MailByAccount,
    /// Codes of coupons.
    CodeByAddress,
    CodeByAccount,
}

impl Bucket {
    /// Returns the name in the table `rate_limits` and in the log.
    const fn name(self) -> &'static str {
        match self {
            Self::SignInByAddress => "sign-in from an address",
            Self::SignInByAccount => "sign-in to an account",
            Self::SignInFromKnownAddress => "sign-in from a known address",
            Self::ConfirmPassword => "password of a signed-in user",
            Self::SignUpByAddress => "sign-up from an address",
            Self::MailByAddress => "mail from an address",
            Self::MailByAccount => "mail to an account",
            Self::CodeByAddress => "codes from an address",
            Self::CodeByAccount => "codes by an account",
        }
    }

    /// Returns the quota. `allowance` multiplies that of an address; the limits of an account's password and mailbox do not grow.
    fn quota(self, allowance: u32) -> Quota {
        let by_address = |burst: u32, every: Duration| quota(burst.saturating_mul(allowance), every / allowance);
        match self {
            Self::SignInByAddress | Self::CodeByAddress => by_address(20, MINUTE),
            Self::SignInByAccount | Self::SignInFromKnownAddress | Self::ConfirmPassword => quota(10, MINUTE),
            Self::CodeByAccount => by_address(10, MINUTE),
            Self::SignUpByAddress => by_address(30, MINUTE),
            Self::MailByAddress => by_address(20, 3 * MINUTE),
            Self::MailByAccount => quota(4, 15 * MINUTE),
        }
    }
}

/// The name in the table `rate_limits` of the addresses from which an account signed in.
const KNOWN_ADDRESS: &str = "home";
const KNOWN_ADDRESS_LIFETIME: TimeDelta = TimeDelta::days(90);

/// The tokens that an attempt took, one from each of its buckets.
#[must_use]
pub struct Attempts {
    tokens: Vec<(Bucket, String, Duration)>,
}

impl Attempts {
    /// Returns the tokens, because the attempt succeeded.
    ///
    /// # Errors
    /// The database's, as for all functions below.
    pub async fn return_tokens(&self, db: &PgPool) -> Result<()> {
        for (bucket, key, every) in &self.tokens {
            queries::return_token(db, bucket.name(), key, to_delta(*every)).await?;
        }
        Ok(())
    }
}

impl RateLimits {
    /// Counts an attempt to sign in with a password. `account` is the email address as it was typed. After a success, call
    /// [`Self::sign_in_succeeded`].
    ///
    /// # Errors
    /// [`crate::error::Error::RateLimited`], as for all limits below, whether or not there is such an account.
    pub async fn sign_in(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<Attempts> {
        let (account, client) = (account.trim(), ClientKey::of(from));
        let known = format!("{client} {account}");
        if queries::is_remembered(db, KNOWN_ADDRESS, &known).await? {
            return self.try_acquire(db, [(Bucket::SignInFromKnownAddress, known)]).await;
        }
        self.try_acquire(
            db,
            [(Bucket::SignInByAddress, client.to_string()), (Bucket::SignInByAccount, account.to_owned())],
        )
        .await
    }

    /// Returns the tokens of a successful attempt, and remembers the address for the account.
    pub async fn sign_in_succeeded(
        &self,
        db: &PgPool,
        attempts: Attempts,
        from: Option<IpAddr>,
        account: &str,
    ) -> Result<()> {
        attempts.return_tokens(db).await?;
        self.remember_address(db, from, account).await
    }

    /// Remembers an address for an account. Attempts from there have their own bucket, which attempts from elsewhere do not empty.
    pub async fn remember_address(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        let key = format!("{} {}", ClientKey::of(from), account.trim());
        queries::remember(db, KNOWN_ADDRESS, &key, KNOWN_ADDRESS_LIFETIME).await?;
        Ok(())
    }

    /// Counts an attempt of a signed-in user to confirm their password. An attacker without a session cannot empty this bucket.
    pub async fn confirm_password(&self, db: &PgPool, user: UserId) -> Result<Attempts> {
        self.try_acquire(db, [(Bucket::ConfirmPassword, user.to_string())]).await
    }

    /// Counts a new account.
    pub async fn sign_up(&self, db: &PgPool, from: Option<IpAddr>) -> Result<()> {
        self.try_acquire(db, [(Bucket::SignUpByAddress, ClientKey::of(from).to_string())]).await.map(drop)
    }

    /// Counts a request for a mail to an account: to reset a password, or with a link to sign in. `account` is the email address as it
    /// was typed.
    pub async fn mail(&self, db: &PgPool, from: Option<IpAddr>, account: &str) -> Result<()> {
        let buckets = [
            (Bucket::MailByAddress, ClientKey::of(from).to_string()),
            (Bucket::MailByAccount, account.trim().to_owned()),
        ];
        self.try_acquire(db, buckets).await.map(drop)
    }

    /// Counts an attempt with a coupon code. The caller returns the tokens when the code is valid.
    pub async fn code(&self, db: &PgPool, from: Option<IpAddr>, user: Option<UserId>) -> Result<Attempts> {
        let from = (Bucket::CodeByAddress, ClientKey::of(from).to_string());
        self.try_acquire(db, [from].into_iter().chain(user.map(|user| (Bucket::CodeByAccount, user.to_string())))).await
    }

    async fn try_acquire(&self, db: &PgPool, buckets: impl IntoIterator<Item = (Bucket, String)>) -> Result<Attempts> {
        let mut tokens = Vec::new();
        for (bucket, key) in buckets {
            let Quota { burst, every } = bucket.quota(self.allowance);
            let attempt =
                queries::take_token(db, bucket.name(), &key, to_delta(every), to_delta(every * burst)).await?;
            if !attempt.allowed {
                // Ten thousand rejected attempts are fourteen lines in the log.
                if attempt.refused.cast_unsigned().is_power_of_two() {
                    tracing::warn!(bucket = bucket.name(), refused = attempt.refused, "Rate limit exceeded");
                }
                return Err(rate_limited(Duration::try_from_secs_f64(attempt.wait).unwrap_or(every)));
            }
            tokens.push((bucket, key, every));
        }
        Ok(Attempts { tokens })
    }
}

fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
