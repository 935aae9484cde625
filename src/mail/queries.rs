//! Queries of the outbox (table `mails`).

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    id::UserId,
    mail::{EmailBody, MailRow, MailState, OutboxFilter},
};

/// Inserts a mail to a user. Inserts nothing for a mail of the same kind about the same row, for a deleted user, and for an address in
/// `.invalid` (RFC 2606), which receives no mail.
pub async fn insert(
    db: impl PgExecutor<'_>,
    kind: &str,
    related_id: Option<Uuid>,
    user: UserId,
    body: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, related_id, body)
         select u.id, u.email, $1, $2, $3 from users u where u.id = $4 and u.deleted_at is null and u.email not like '%.invalid'
         on conflict (kind, related_id, user_id) where related_id is not null do nothing",
        kind,
        related_id,
        Json(body) as _,
        user.uuid(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Inserts a mail that concerns a user to an address that is not, or no longer, the one of the account.
pub async fn insert_to_address(
    db: impl PgExecutor<'_>,
    kind: &str,
    user: UserId,
    address: &str,
    body: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, body) values ($1, $2, $3, $4)",
        user.uuid(),
        address,
        kind,
        Json(body) as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Inserts a mail to every admin, at most one per kind and row.
pub async fn insert_for_admins(
    db: impl PgExecutor<'_>,
    kind: &str,
    related_id: Uuid,
    body: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, related_id, body)
         select u.id, u.email, $1, $2, $3 from users u where u.role = 'admin' and u.deleted_at is null
         on conflict (kind, related_id, user_id) where related_id is not null do nothing",
        kind,
        related_id,
        Json(body) as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns whether a mail of this kind about this row was inserted for a user.
pub async fn is_enqueued(db: impl PgExecutor<'_>, kind: &str, related_id: Uuid, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from mails where kind = $1 and related_id = $2 and user_id = $3) as "is_enqueued!""#,
        kind,
        related_id,
        user.uuid(),
    )
    .fetch_one(db)
    .await
}

/// A mail that one sender has claimed for an attempt.
pub struct ClaimedMail {
    pub id: i64,
    pub address: String,
    pub body: EmailBody,
    /// From 1. It identifies the attempt whose result [`update_after_attempt`] stores.
    pub attempt: i32,
    pub created_at: DateTime<Utc>,
}

/// Claims the mail that has been due for longest. Other senders skip it.
pub async fn claim(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Option<ClaimedMail>> {
    let row = sqlx::query!(
        r#"update mails set state = 'sending', attempts = attempts + 1, claimed_at = $1
            where id = (select id from mails where state = 'due' and due_at <= $1 order by due_at limit 1 for update skip locked)
            returning id, address, body as "body: Json<EmailBody>", attempts, created_at"#,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ClaimedMail {
        id: row.id,
        address: row.address,
        body: row.body.0,
        attempt: row.attempts,
        created_at: row.created_at,
    }))
}

/// Stores the result of an attempt, and removes the links of a secret mail that was sent. Returns whether the attempt was still the mail's
/// current one.
pub async fn update_after_attempt(
    db: impl PgExecutor<'_>,
    mail: &ClaimedMail,
    state: MailState,
    stored_only: bool,
    error: &str,
    now: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "update mails set state = $3, stored_only = $4, error = $5, due_at = $7,
                body = case when $3 = 'sent'::mail_state and not $4 and body ->> 'secret' = 'true'
                              then body || '{\"links\": []}' else body end,
                sent_at = case when $3 = 'sent'::mail_state then $6::timestamptz end
          where id = $1 and attempts = $2 and state in ('sending', 'unsure')",
        mail.id,
        mail.attempt,
        state as _,
        stored_only,
        error,
        now,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Marks mails as `unsure` whose attempt began before `before` and has no result: their sender has crashed. Returns their number.
pub async fn update_abandoned(db: impl PgExecutor<'_>, before: DateTime<Utc>, error: &str) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "update mails set state = 'unsure', error = $2 where state = 'sending' and claimed_at < $1",
        before,
        error,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected())
}

/// Makes an `unsure` or `failed` mail due again. Returns its user and subject, or `None` when it is in another state.
pub async fn update_for_resend(
    db: impl PgExecutor<'_>,
    mail: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        "update mails set state = 'due', attempts = 0, due_at = $2, error = ''
          where id = $1 and state in ('unsure', 'failed') returning user_id, body ->> 'subject' as subject",
        mail,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.user_id, row.subject.unwrap_or_default())))
}

/// Deletes mails sent before `before`. Returns their number.
pub async fn delete_sent(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let result = sqlx::query!("delete from mails where state = 'sent' and sent_at < $1", before).execute(db).await?;
    Ok(result.rows_affected())
}

/// Counts the mails that an admin has to check: `unsure` and `failed`.
pub async fn count_undelivered(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from mails where state in ('unsure', 'failed')"#)
        .fetch_one(db)
        .await
}

/// A row of the statements below.
struct Row {
    id: i64,
    user_id: Uuid,
    name: String,
    address: String,
    body: Json<EmailBody>,
    state: MailState,
    stored_only: bool,
    error: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl From<Row> for MailRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            to: row.user_id.into(),
            name: row.name,
            address: row.address,
            body: row.body.0,
            state: row.state,
            stored_only: row.stored_only,
            error: row.error,
            attempts: row.attempts,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

/// Lists the mails before `before`, newest first, at most 51: to one user, else in one state, else all.
pub async fn list(db: impl PgExecutor<'_>, filter: OutboxFilter, before: Option<i64>) -> sqlx::Result<Vec<MailRow>> {
    let before = before.unwrap_or(i64::MAX);
    let rows = match (filter.to, filter.state) {
        (Some(user), _) => {
            sqlx::query_as!(
                Row,
                r#"select m.id, m.user_id, u.name, m.address, m.body as "body: _", m.state as "state: _", m.stored_only, m.error,
                          m.attempts, m.created_at, m.sent_at
                     from mails m join users u on u.id = m.user_id
                    where m.user_id = $1 and m.id < $2 order by m.user_id, m.id desc limit 51"#,
                user.uuid(),
                before,
            )
            .fetch_all(db)
            .await?
        }
        (None, Some(state)) => {
            sqlx::query_as!(
                Row,
                r#"select m.id, m.user_id, u.name, m.address, m.body as "body: _", m.state as "state: _", m.stored_only, m.error,
                          m.attempts, m.created_at, m.sent_at
                     from mails m join users u on u.id = m.user_id
                    where m.state = $1 and m.id < $2 order by m.state, m.id desc limit 51"#,
                state as _,
                before,
            )
            .fetch_all(db)
            .await?
        }
        (None, None) => {
            sqlx::query_as!(
                Row,
                r#"select m.id, m.user_id, u.name, m.address, m.body as "body: _", m.state as "state: _", m.stored_only, m.error,
                          m.attempts, m.created_at, m.sent_at
                     from mails m join users u on u.id = m.user_id
                    where m.id < $1 order by m.id desc limit 51"#,
                before,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows.into_iter().map(MailRow::from).collect())
}

pub async fn find(db: impl PgExecutor<'_>, mail: i64) -> sqlx::Result<Option<MailRow>> {
    sqlx::query_as!(
        Row,
        r#"select m.id, m.user_id, u.name, m.address, m.body as "body: _", m.state as "state: _", m.stored_only, m.error,
                  m.attempts, m.created_at, m.sent_at
             from mails m join users u on u.id = m.user_id
            where m.id = $1"#,
        mail,
    )
    .fetch_optional(db)
    .await
    .map(|row| row.map(MailRow::from))
}
