//! SQL of users with an account at Clerk.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{
    id::UserId,
    identity::clerk::person::Profile,
    users::{Role, User},
};

/// A user by their id at Clerk, deleted or not.
pub struct Known {
    pub user: User,
    pub deleted: bool,
}

/// Returns the user with this id at Clerk.
pub async fn find(db: impl PgExecutor<'_>, clerk: &str) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query!(
        r#"select id, name, email, role as "role: Role", deleted_at is not null as "deleted!"
             from users where clerk_user_id = $1"#,
        clerk,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Known {
        user: User { id: row.id.into(), name: row.name, email: row.email, role: row.role },
        deleted: row.deleted,
    }))
}

/// Returns whether a user was deleted at Clerk, maybe before we had a row of them.
pub async fn is_deleted(db: impl PgExecutor<'_>, clerk: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from clerk_accounts where clerk_user_id = $1 and deleted_at is not null) as "deleted!""#,
        clerk,
    )
    .fetch_one(db)
    .await
}

/// The state of a user's provisioning.
pub struct Account {
    pub user_id: Option<UserId>,
    pub as_of: Option<DateTime<Utc>>,
    pub email_verified: bool,
    pub deleted: bool,
}

/// Inserts a row of `clerk_accounts`, unless it exists.
pub async fn insert_account(db: impl PgExecutor<'_>, clerk: &str) -> sqlx::Result<()> {
    sqlx::query!("insert into clerk_accounts (clerk_user_id) values ($1) on conflict do nothing", clerk)
        .execute(db)
        .await
        .map(drop)
}

/// Returns the row of `clerk_accounts`, locked. An imported user is found by the id alone.
pub async fn lock_account(db: impl PgExecutor<'_>, clerk: &str) -> sqlx::Result<Account> {
    let row = sqlx::query!(
        r#"select (select u.id from users u where u.clerk_user_id = a.clerk_user_id) as user_id, clerk_updated_at as as_of, email_verified,
                  deleted_at is not null as "deleted!"
             from clerk_accounts a where clerk_user_id = $1 for update"#,
        clerk,
    )
    .fetch_one(db)
    .await?;
    let user_id = row.user_id.map(UserId::from);
    Ok(Account { user_id, as_of: row.as_of, email_verified: row.email_verified, deleted: row.deleted })
}

/// The user who has an email address.
pub struct Holder {
    pub id: UserId,
    pub name: String,
    /// Whether this is a local account without one at Clerk.
    pub local: bool,
    /// The time of the last applied data from Clerk.
    pub as_of: Option<DateTime<Utc>>,
}

/// Returns the user with an email address who is not deleted, with their row locked.
pub async fn lock_holder(db: impl PgExecutor<'_>, email: &str) -> sqlx::Result<Option<Holder>> {
    sqlx::query_as!(
        Holder,
        r#"select u.id, u.name, u.clerk_user_id like 'local\_%' as "local!",
                  (select a.clerk_updated_at from clerk_accounts a where a.clerk_user_id = u.clerk_user_id) as as_of
             from users u where lower(u.email) = lower($1) and u.deleted_at is null for no key update"#,
        email,
    )
    .fetch_optional(db)
    .await
}

/// Replaces a user's email address, because it belongs to another user now.
pub async fn set_email(db: impl PgExecutor<'_>, user: UserId, email: &str) -> sqlx::Result<()> {
    sqlx::query!("update users set email = $2 where id = $1", user.uuid(), email).execute(db).await.map(drop)
}

/// Inserts a user.
pub async fn insert(db: impl PgExecutor<'_>, clerk: &str, email: &str, profile: &Profile) -> sqlx::Result<UserId> {
    sqlx::query_scalar!(
        "insert into users (clerk_user_id, email, name, image_url) values ($1, $2, $3, $4) returning id",
        clerk,
        email,
        profile.name,
        profile.image_url,
    )
    .fetch_one(db)
    .await
    .map(UserId::from)
}

/// Updates a user from Clerk's data. The role stays.
pub async fn update(
    db: impl PgExecutor<'_>,
    user: UserId,
    clerk: &str,
    email: &str,
    profile: &Profile,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set clerk_user_id = $2, email = $3, name = $4, image_url = $5 where id = $1",
        user.uuid(),
        clerk,
        email,
        profile.name,
        profile.image_url,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns whether a user is no admin and has no purchase, checkout or granted course.
pub async fn is_unused(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select role = 'user'
              and not exists (select from purchases where user_id = $1)
              and not exists (select from checkout_attempts where user_id = $1)
              and not exists (select from course_gifts where user_id = $1) as "bare!"
             from users where id = $1"#,
        user.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Records which data was applied to which user.
pub async fn update_account(
    db: impl PgExecutor<'_>,
    clerk: &str,
    user: UserId,
    as_of: DateTime<Utc>,
    email_verified: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update clerk_accounts set user_id = $2, clerk_updated_at = $3, email_verified = $4 where clerk_user_id = $1",
        clerk,
        user.uuid(),
        as_of,
        email_verified,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Records that a user was deleted at Clerk.
pub async fn delete_account(db: impl PgExecutor<'_>, clerk: &str, user: Option<UserId>) -> sqlx::Result<()> {
    sqlx::query!(
        "update clerk_accounts set user_id = $2, deleted_at = now() where clerk_user_id = $1",
        clerk,
        user.map(UserId::uuid),
    )
    .execute(db)
    .await
    .map(drop)
}

/// A user whose role is not in Clerk's metadata yet.
pub struct PendingMetadata {
    pub clerk: String,
    pub user: UserId,
    pub role: Role,
}

/// Returns up to `limit` users whose metadata is to be synchronized, those due longest first.
pub async fn list_pending_metadata(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<PendingMetadata>> {
    sqlx::query_as!(
        PendingMetadata,
        r#"select a.clerk_user_id as clerk, u.id as user, u.role as "role: Role"
             from clerk_accounts a join users u on u.id = a.user_id
            where a.deleted_at is null and u.deleted_at is null and a.sync_at <= $1 and a.synced_role is distinct from u.role
            order by a.sync_at limit $2"#,
        now,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Records that Clerk's metadata has this role.
pub async fn set_metadata_synced(db: impl PgExecutor<'_>, clerk: &str, role: Role) -> sqlx::Result<()> {
    sqlx::query!(
        "update clerk_accounts set synced_role = $2, sync_attempts = 0 where clerk_user_id = $1",
        clerk,
        role as Role
    )
    .execute(db)
    .await
    .map(drop)
}

/// Schedules another attempt: after a minute, then two, and at last once an hour.
pub async fn postpone_metadata_sync(db: impl PgExecutor<'_>, clerk: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update clerk_accounts set sync_attempts = sync_attempts + 1,
                sync_at = $2::timestamptz + least(interval '1 minute' * power(2, least(sync_attempts, 10)), interval '1 hour')
          where clerk_user_id = $1",
        clerk,
        now,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns the number of users without an account at Clerk who are not deleted.
pub async fn count_local(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from users where clerk_user_id like 'local\_%' and deleted_at is null"#
    )
    .fetch_one(db)
    .await
}
