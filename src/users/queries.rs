//! What is asked of the database about users, their passwords and sessions.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{
    id::UserId,
    users::{Role, User},
};

/// The living user behind an unexpired session, which is seen with that.
pub async fn find_by_session(db: impl PgExecutor<'_>, token_hash: &[u8]) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"with seen as (update sessions set seen_at = now()
                          where token_hash = $1 and expires_at > now() and seen_at < now() - interval '1 hour')
           select u.id, u.name, u.email, u.role as "role: Role"
             from sessions s join users u on u.id = s.user_id
            where s.token_hash = $1 and s.expires_at > now() and u.deleted_at is null"#,
        token_hash,
    )
    .fetch_optional(db)
    .await
}

/// Someone who may sign in with a password.
pub struct Credentials {
    pub id: UserId,
    pub password_hash: String,
}

pub async fn find_credentials(db: impl PgExecutor<'_>, email: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select u.id, c.password_hash from users u join local_credentials c on c.user_id = u.id
            where lower(u.email) = lower($1) and u.deleted_at is null"#,
        email,
    )
    .fetch_optional(db)
    .await
}

/// A new user. Fails on `users_email_key` when a living user has the address.
pub async fn insert(
    db: impl PgExecutor<'_>,
    subject: &str,
    email: &str,
    name: &str,
    role: Role,
) -> sqlx::Result<UserId> {
    sqlx::query_scalar!(
        r#"insert into users (clerk_user_id, email, name, role) values ($1, $2, $3, $4) returning id"#,
        subject,
        email,
        name,
        role as Role,
    )
    .fetch_one(db)
    .await
    .map(UserId::from)
}

pub async fn insert_credentials(db: impl PgExecutor<'_>, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query!("insert into local_credentials (user_id, password_hash) values ($1, $2)", user.uuid(), password_hash)
        .execute(db)
        .await
        .map(drop)
}

pub async fn insert_session(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    user: UserId,
    agent: &str,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (token_hash, user_id, agent, expires_at) values ($1, $2, $3, $4)",
        token_hash,
        user.uuid(),
        agent,
        expires_at
    )
    .execute(db)
    .await
    .map(drop)
}

pub async fn delete_session(db: impl PgExecutor<'_>, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", token_hash).execute(db).await.map(drop)
}

/// Sessions that nobody can use any more.
pub async fn delete_expired_sessions(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from sessions where expires_at <= now()").execute(db).await?.rows_affected())
}

/// Makes the living user with this address an admin. False when there is none.
pub async fn grant_admin(db: impl PgExecutor<'_>, email: &str) -> sqlx::Result<bool> {
    let result =
        sqlx::query!("update users set role = 'admin' where lower(email) = lower($1) and deleted_at is null", email)
            .execute(db)
            .await?;
    Ok(result.rows_affected() > 0)
}

/// Ends what lets somebody in here: password, sessions, and links that were sent.
pub async fn revoke_local_credentials(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "with passwords as (delete from local_credentials where user_id = $1), links as (delete from account_links where user_id = $1)
         delete from sessions where user_id = $1",
        user.uuid(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Makes somebody a tombstone that no other is like; what they were written goes too, what was not paid
/// is given up (and with it the uses of coupons that it held), and what was sold stays. `subject` is what the
/// identity provider's id is from now on.
pub async fn anonymize(db: impl PgExecutor<'_>, user: UserId, subject: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "with written as (delete from mails where user_id = $1),
              left_open as (update checkout_attempts set state = 'expired'
                             where user_id = $1 and state = 'open' and submitted_at is null)
         update users set clerk_user_id = $2, email = 'deleted-' || id || '@deleted.invalid', name = 'Deleted student',
                image_url = null, email_confirmed_at = null, role = 'user', deleted_at = coalesce(deleted_at, now())
          where id = $1",
        user.uuid(),
        subject,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Every admin, locked in the order of their ids: of two transactions, the later one sees what the first one left.
pub async fn lock_admins(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "select id from users where role = 'admin' and deleted_at is null order by id for no key update"
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

pub async fn set_role(db: impl PgExecutor<'_>, user: UserId, role: Role) -> sqlx::Result<()> {
    sqlx::query!("update users set role = $2 where id = $1", user.uuid(), role as Role).execute(db).await.map(drop)
}
