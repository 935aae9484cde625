//! SQL of users, their passwords and sessions.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{
    id::UserId,
    users::{Role, User},
};

/// Returns the user of an unexpired session who is not deleted, and updates when the session was last seen.
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

/// A user with a password.
pub struct Credentials {
    pub id: UserId,
    pub password_hash: String,
}

/// Returns the user with this email address and their password hash.
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

/// Inserts a user. Fails on `users_email_key` when a user who is not deleted has the address.
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

/// Inserts the password hash of a user.
pub async fn insert_credentials(db: impl PgExecutor<'_>, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query!("insert into local_credentials (user_id, password_hash) values ($1, $2)", user.uuid(), password_hash)
        .execute(db)
        .await
        .map(drop)
}

/// Inserts a session.
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

/// Deletes a session.
pub async fn delete_session(db: impl PgExecutor<'_>, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", token_hash).execute(db).await.map(drop)
}

/// Deletes the sessions that expired, and returns their number.
pub async fn delete_expired_sessions(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from sessions where expires_at <= now()").execute(db).await?.rows_affected())
}

/// Makes the user with this email address an admin. `false` when there is no such user, or they are deleted.
pub async fn grant_admin(db: impl PgExecutor<'_>, email: &str) -> sqlx::Result<bool> {
    let result =
        sqlx::query!("update users set role = 'admin' where lower(email) = lower($1) and deleted_at is null", email)
            .execute(db)
            .await?;
    Ok(result.rows_affected() > 0)
}

/// Deletes a user's password, sessions, and links that were sent by mail.
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

/// Anonymizes a user: clears name, email and picture, deletes their emails, and expires open checkouts, which releases their
/// coupons. Purchases stay. `subject` replaces the id at the identity provider.
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

/// Returns all admins, with their rows locked in the order of their ids, so that the later of two transactions sees the changes of the first.
pub async fn lock_admins(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "select id from users where role = 'admin' and deleted_at is null order by id for no key update"
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// Updates a user's role.
pub async fn set_role(db: impl PgExecutor<'_>, user: UserId, role: Role) -> sqlx::Result<()> {
    sqlx::query!("update users set role = $2 where id = $1", user.uuid(), role as Role).execute(db).await.map(drop)
}
