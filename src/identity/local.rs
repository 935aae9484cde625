//! Local accounts: passwords and sessions.
//!
//! Passwords are hashed with argon2id by the parameters of the OWASP Password Storage Cheat Sheet (19 MiB, two passes, one
//! lane). A session is 32 random bytes in a cookie; the database has their SHA-256.

use std::sync::LazyLock;

use anyhow::Context;
use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::{
    error::{Error, FieldError, Result},
    id::UserId,
    identity::password_strength,
    users,
};

/// The lifetime of a session, and of its cookie.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(30);

/// Limits concurrent hashing. Each hash needs 19 MiB and a core, so a flood of sign-ins waits here instead of using up the machine.
static HASHING_PERMITS: Semaphore = Semaphore::const_new(4);

/// The hash that is verified when an account does not exist, so that the response takes as long.
static DUMMY_HASH: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

/// Computes [`DUMMY_HASH`] at start, so that the first sign-in takes as long as the next.
pub fn prepare() {
    LazyLock::force(&DUMMY_HASH);
}

/// Checks the strength of a new password and returns its hash. `known` are texts that others know of the user, such as the name.
///
/// # Errors
/// [`Error::Invalid`] for `field` when the password is too weak or too long.
pub async fn hash_new(password: &str, field: &str, known: &[&str]) -> Result<String> {
    if let Some(error) = password_strength::find_error(password, known) {
        return Err(Error::Invalid(vec![FieldError::new(field, error)]));
    }
    let password = password.to_owned();
    in_background(move || hash(&password)).await
}

/// Returns the user with this email address and password. `None` does not say which was wrong, and takes as long either way.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] only.
pub async fn check_password(db: &PgPool, email: &str, password: &str) -> Result<Option<UserId>> {
    let (user, hash) = match users::queries::find_credentials(db, email.trim()).await? {
        Some(credentials) => (Some(credentials.id), Some(credentials.password_hash)),
        None => (None, DUMMY_HASH.clone()),
    };
    // No accepted password is longer, and longer ones take longer to hash.
    let password: String = password.chars().take(password_strength::MAX_BYTES).collect();
    let matches = in_background(move || Ok(hash.is_some_and(|hash| verify(&password, &hash)))).await?;
    if !matches {
        tracing::info!(?user, "Wrong password");
    }
    Ok(user.filter(|_| matches))
}

/// Starts a session and returns the token for its cookie. The browser's previous session ends. `agent` is the browser's name, such as
/// "Firefox on Linux".
///
/// # Errors
/// The database's.
pub async fn start_session(
    db: &PgPool,
    user: UserId,
    previous: Option<&str>,
    agent: &str,
    now: DateTime<Utc>,
) -> Result<String> {
    let token = hex::encode(rand::rng().random::<[u8; 32]>());
    let mut tx = db.begin().await?;
    if let Some(previous) = previous {
        users::queries::delete_session(&mut *tx, &digest(previous)).await?;
    }
    users::queries::insert_session(&mut *tx, &digest(&token), user, agent, now + SESSION_LIFETIME).await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends a session. A token without a session is no error.
///
/// # Errors
/// The database's.
pub async fn end_session(db: &PgPool, token: &str) -> Result<()> {
    Ok(users::queries::delete_session(db, &digest(token)).await?)
}

/// Returns the hash of a token, which is what the database stores.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Returns the PHC string of a password, with a random salt.
///
/// # Errors
/// When the system has no source of randomness.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let hash = hasher()?.hash_password(password.as_bytes()).map_err(|e| anyhow::anyhow!("hashing failed: {e}"))?;
    Ok(hash.to_string())
}

/// Returns whether a password belongs to a hash.
fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    // The parameters are those in the hash, so that older passwords stay valid when ours are raised.
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

fn hasher() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| anyhow::anyhow!("argon2 parameters: {e}"))?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
}

/// Runs a hashing job on a thread for blocking work, when fewer than four are running.
pub async fn in_background<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> Result<T> {
    let _permit = HASHING_PERMITS.acquire().await.context("the hashing queue closed")?;
    Ok(tokio::task::spawn_blocking(work).await.context("a hashing thread panicked")??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{input::SignUp, service::sign_up},
        users::Role,
    };
    use rstest::rstest;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn a_password_opens_only_its_own_hash() {
        let hash = hash("correct horse battery").expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse battery", &hash));
        assert!(!verify("correct horse batterz", &hash));
        assert!(!verify("anything", "not a hash"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn four_passwords_are_hashed_at_once_and_no_more() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MAXIMUM: AtomicUsize = AtomicUsize::new(0);
        let work = || {
            MAXIMUM.fetch_max(NOW.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(20));
            NOW.fetch_sub(1, SeqCst);
            Ok(())
        };
        let all = futures::future::join_all((0..20).map(|_| in_background(work))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(MAXIMUM.load(SeqCst), 4);
    }

    #[rstest]
    #[case("", "", "", &["name", "email", "password"])]
    #[case("Ada", "ada@example.com", "long enough, this", &[])]
    #[case("Ada", "no address", "long enough, this", &["email"])]
    #[case("Ada", "Ada <ada@example.com>", "long enough, this", &["email"])]
    #[case("Ada", "ada@localhost", "long enough, this", &["email"])]
    #[case("Ada", "ada@[127.0.0.1]", "long enough, this", &["email"])]
    #[case("Ada", "ada@example.com", "short", &["password"])]
    #[case("A\u{0}da", "ada@example.com", "long enough, this", &["name"])]
    fn every_invalid_field_is_reported_at_once(
        #[case] name: &str,
        #[case] email: &str,
        #[case] password: &str,
        #[case] wrong: &[&str],
    ) {
        let fields = match SignUp::parse(name, email, password) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(fields, wrong);
    }

    #[sqlx::test]
    async fn a_student_signs_up_in_and_out(db: PgPool) {
        let form = SignUp::parse("Demo student", "Student@example.com", "a long password").unwrap();
        let user = sign_up(&db, form, Some("student@EXAMPLE.com"), crate::platform::clock::now()).await.unwrap();
        assert_eq!(check_password(&db, "student@example.com", "a long password").await, Ok(Some(user)));
        assert_eq!(check_password(&db, "student@example.com", "another password").await, Ok(None));
        assert_eq!(check_password(&db, "nobody@example.com", "a long password").await, Ok(None));

        let now = crate::platform::clock::now();
        let first = start_session(&db, user, None, "", now).await.unwrap();
        let second = start_session(&db, user, Some(&first), "", now).await.unwrap();
        let role = |token: String| {
            let db = db.clone();
            async move { users::queries::find_by_session(&db, &digest(&token)).await.unwrap().map(|u| u.role) }
        };
        assert_eq!(role(first).await, None, "signing in again rotates the session");
        assert_eq!(role(second.clone()).await, Some(Role::Admin));
        end_session(&db, &second).await.unwrap();
        assert_eq!(role(second).await, None);
    }

    #[sqlx::test]
    async fn an_expired_session_opens_nothing(db: PgPool) {
        let form = SignUp::parse("Demo student", "student@example.com", "a long password").unwrap();
        let user = sign_up(&db, form, None, crate::platform::clock::now()).await.unwrap();
        let token = start_session(&db, user, None, "", crate::platform::clock::now() - SESSION_LIFETIME).await.unwrap();
        assert_eq!(users::queries::find_by_session(&db, &digest(&token)).await.unwrap(), None);
        assert_eq!(users::queries::delete_expired_sessions(&db).await.unwrap(), 1);
    }

    #[sqlx::test]
    async fn an_address_has_one_account_whatever_its_case(db: PgPool) {
        let form = || SignUp::parse("Demo student", "student@example.com", "a long password").unwrap();
        sign_up(&db, form(), None, crate::platform::clock::now()).await.unwrap();
        let again = SignUp { email: "STUDENT@example.com".into(), ..form() };
        assert!(matches!(sign_up(&db, again, None, crate::platform::clock::now()).await, Err(Error::Invalid(_))));
    }
}
