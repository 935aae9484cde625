//! SQL of a user's own account.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    account::{LinkPurpose, OpenLink, SessionRow},
    id::UserId,
};

/// The owner of an account.
pub struct AccountOwner {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub confirmed: bool,
}

/// Returns the owner of the account with this email address.
pub async fn find_by_address(db: impl PgExecutor<'_>, address: &str) -> sqlx::Result<Option<AccountOwner>> {
    sqlx::query_as!(
        AccountOwner,
        r#"select u.id, u.name, u.email, u.email_confirmed_at is not null as "confirmed!" from users u
            where lower(u.email) = lower($1) and u.deleted_at is null"#,
        address,
    )
    .fetch_optional(db)
    .await
}

/// Returns the owner of an account, with the row locked until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<AccountOwner>> {
    sqlx::query_as!(
        AccountOwner,
        r#"select id, name, email, email_confirmed_at is not null as "confirmed!" from users
            where id = $1 and deleted_at is null for no key update"#,
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Inserts a link.
pub async fn insert_link(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    user: UserId,
    purpose: LinkPurpose,
    address: &str,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into account_links (token_hash, user_id, purpose, address, expires_at) values ($1, $2, $3, $4, $5)",
        token_hash,
        user.uuid(),
        purpose as _,
        address,
        expires_at,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns a link that can still be used. One to an address that the account no longer has cannot.
pub async fn find_link(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<OpenLink>> {
    sqlx::query_as!(
        OpenLink,
        r#"select l.purpose as "purpose: _", l.address from account_links l join users u on u.id = l.user_id
            where l.token_hash = $1 and l.expires_at > $2 and u.deleted_at is null
              and (l.purpose = 'change_address' or lower(u.email) = lower(l.address))"#,
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await
}

/// A link that was used.
pub struct UsedLink {
    pub user: UserId,
    pub purpose: LinkPurpose,
    pub address: String,
}

/// Deletes a link that can still be used and returns it, so that it works once.
pub async fn take_link(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<UsedLink>> {
    sqlx::query_as!(
        UsedLink,
        r#"delete from account_links l using users u
            where l.token_hash = $1 and l.expires_at > $2 and u.id = l.user_id and u.deleted_at is null
              and (l.purpose = 'change_address' or lower(u.email) = lower(l.address))
            returning l.user_id as user, l.purpose as "purpose: _", l.address"#,
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Deletes a user's links, those of one purpose or all.
pub async fn delete_links(db: impl PgExecutor<'_>, user: UserId, purpose: Option<LinkPurpose>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from account_links where user_id = $1 and ($2::link_purpose is null or purpose = $2)",
        user.uuid(),
        purpose as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Deletes expired links, and returns their number.
pub async fn delete_expired_links(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from account_links where expires_at <= $1", now).execute(db).await?.rows_affected())
}

/// Returns whether a user's email address is confirmed, and the new one that waits for confirmation.
pub async fn find_addresses(
    db: impl PgExecutor<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<(bool, Option<String>)> {
    let row = sqlx::query!(
        r#"select email_confirmed_at is not null as "confirmed!",
                  (select l.address from account_links l
                    where l.user_id = u.id and l.purpose = 'change_address' and l.expires_at > $2
                    order by l.created_at desc limit 1) as moves_to
             from users u where u.id = $1"#,
        user.uuid(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok((row.confirmed, row.moves_to))
}

/// Marks the email address as confirmed. `false` when it was before.
pub async fn confirm_address(db: impl PgExecutor<'_>, user: UserId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let confirmed = sqlx::query!(
        "update users set email_confirmed_at = $2 where id = $1 and email_confirmed_at is null",
        user.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(confirmed.rows_affected() > 0)
}

/// Replaces the email address by a confirmed one. Fails on `users_email_key` when another user has it.
pub async fn set_address(db: impl PgExecutor<'_>, user: UserId, address: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("update users set email = $2, email_confirmed_at = $3 where id = $1", user.uuid(), address, now)
        .execute(db)
        .await
        .map(drop)
}

/// Updates the name.
pub async fn set_name(db: impl PgExecutor<'_>, user: UserId, name: &str) -> sqlx::Result<()> {
    sqlx::query!("update users set name = $2 where id = $1", user.uuid(), name).execute(db).await.map(drop)
}

/// Sets the password hash. A user who had their account at Clerk has none yet.
pub async fn set_password(db: impl PgExecutor<'_>, user: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into local_credentials (user_id, password_hash) values ($1, $2)
         on conflict (user_id) do update set password_hash = excluded.password_hash",
        user.uuid(),
        password_hash
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns the sessions that were seen last, at most 50. `here` is the token hash of the request's session.
pub async fn list_sessions(
    db: impl PgExecutor<'_>,
    user: UserId,
    here: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select id, agent, created_at as began_at, seen_at, token_hash = $2 as "here!" from sessions
            where user_id = $1 and expires_at > $3 order by token_hash = $2 desc, seen_at desc, id limit 50"#,
        user.uuid(),
        here,
        now,
    )
    .fetch_all(db)
    .await
}

/// Deletes one of a user's sessions. `false` when there is no such session.
pub async fn delete_session(db: impl PgExecutor<'_>, user: UserId, session: Uuid) -> sqlx::Result<bool> {
    let ended =
        sqlx::query!("delete from sessions where user_id = $1 and id = $2", user.uuid(), session).execute(db).await?;
    Ok(ended.rows_affected() > 0)
}

/// Deletes all of a user's sessions, except the one with the token hash `except`. Returns their number.
pub async fn delete_sessions(db: impl PgExecutor<'_>, user: UserId, except: Option<&[u8]>) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "delete from sessions where user_id = $1 and ($2::bytea is null or token_hash <> $2)",
        user.uuid(),
        except,
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected())
}

/// Returns everything that is stored about a user as JSON, at most 10,000 rows of each table.
pub async fn find_data(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query_scalar!(
        r#"select json_build_object(
             'account', json_build_object('id', u.id, 'name', u.name, 'email', u.email, 'email_confirmed_at', u.email_confirmed_at,
               'role', u.role, 'joined_at', u.created_at),
             'purchases', (select coalesce(json_agg(x order by x.bought_at), '[]') from (
                select p.id, p.receipt_number, p.product_details ->> 'name' as product, p.subtotal_in_cents, p.price_paid_in_cents,
                       p.discount_name, p.country, p.created_at as bought_at, p.refunded_at, p.stripe_session_id,
                       (select coalesce(json_agg(json_build_object('amount_in_cents', r.amount_in_cents, 'state', r.state,
                          'at', r.created_at) order by r.created_at), '[]') from refunds r where r.purchase_id = p.id) as refunds
                  from purchases p where p.user_id = u.id order by p.created_at limit 10000) x),
             'courses', (select coalesce(json_agg(x order by x.course), '[]') from (
                select c.id, c.name as course, a.created_at as since, g.created_at as given_at
                  from user_course_access a join courses c on c.id = a.course_id
                       left join course_gifts g on g.user_id = a.user_id and g.course_id = a.course_id
                 where a.user_id = u.id limit 10000) x),
             'completed_lessons', (select coalesce(json_agg(x order by x.completed_at), '[]') from (
                select l.id, l.name as lesson, d.created_at as completed_at
                  from user_lesson_complete d join lessons l on l.id = d.lesson_id where d.user_id = u.id limit 10000) x),
             'sessions', (select coalesce(json_agg(x order by x.began_at), '[]') from (
                select s.agent, s.created_at as began_at, s.seen_at, s.expires_at from sessions s where s.user_id = u.id limit 10000) x),
             'emails', (select coalesce(json_agg(x order by x.written_at), '[]') from (
                select m.address, m.body ->> 'subject' as subject, m.created_at as written_at, m.sent_at
                  from mails m where m.user_id = u.id limit 10000) x)) as "data: serde_json::Value"
             from users u where u.id = $1 and u.deleted_at is null"#,
        user.uuid(),
    )
    .fetch_optional(db)
    .await
    .map(Option::flatten)
}
