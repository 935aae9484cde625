//! What is asked of the database about mail.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    id::UserId,
    mail::{EmailBody, MailRow, MailState, OutboxFilter},
};

/// Puts a letter to one person into the outbox. What they were told before, whoever is deleted,
/// and an address that is known to be none (RFC 2606) are left out.
pub async fn insert(
    db: impl PgExecutor<'_>,
    kind: &str,
    about: Option<Uuid>,
    user: UserId,
    letter: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, related_id, body)
         select u.id, u.email, $1, $2, $3 from users u where u.id = $4 and u.deleted_at is null and u.email not like '%.invalid'
         on conflict (kind, related_id, user_id) where related_id is not null do nothing",
        kind,
        about,
        Json(letter) as _,
        user.uuid(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Puts a letter into the outbox that goes to another address than the person's own.
pub async fn insert_to(
    db: impl PgExecutor<'_>,
    kind: &str,
    user: UserId,
    address: &str,
    letter: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, body) values ($1, $2, $3, $4)",
        user.uuid(),
        address,
        kind,
        Json(letter) as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Puts a letter to every admin into the outbox.
pub async fn insert_for_admins(
    db: impl PgExecutor<'_>,
    kind: &str,
    about: Uuid,
    letter: &EmailBody,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, related_id, body)
         select u.id, u.email, $1, $2, $3 from users u where u.role = 'admin' and u.deleted_at is null
         on conflict (kind, related_id, user_id) where related_id is not null do nothing",
        kind,
        about,
        Json(letter) as _,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Whether somebody was told something.
pub async fn was_told(db: impl PgExecutor<'_>, kind: &str, about: Uuid, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from mails where kind = $1 and related_id = $2 and user_id = $3) as "told!""#,
        kind,
        about,
        user.uuid(),
    )
    .fetch_one(db)
    .await
}

/// A mail whose turn it is.
pub struct Claimed {
    pub id: i64,
    pub address: String,
    pub letter: EmailBody,
    /// From 1. Whoever claimed it says which of its attempts ended.
    pub attempt: i32,
    pub created_at: DateTime<Utc>,
}

/// Takes the mail that has been due for longest, which nobody else takes then.
pub async fn claim(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Option<Claimed>> {
    let row = sqlx::query!(
        r#"update mails set state = 'sending', attempts = attempts + 1, claimed_at = $1
            where id = (select id from mails where state = 'due' and due_at <= $1 order by due_at limit 1 for update skip locked)
            returning id, address, body as "letter: Json<EmailBody>", attempts, created_at"#,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Claimed {
        id: row.id,
        address: row.address,
        letter: row.letter.0,
        attempt: row.attempts,
        created_at: row.created_at,
    }))
}

/// How an attempt ended.
pub async fn settle(
    db: impl PgExecutor<'_>,
    mail: &Claimed,
    state: MailState,
    kept: bool,
    trouble: &str,
    now: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let settled = sqlx::query!(
        "update mails set state = $3, stored_only = $4, error = $5, due_at = $7,
                body = case when $3 = 'sent'::mail_state and not $4 and body ->> 'secret' = 'true'
                              then body || '{\"links\": []}' else body end,
                sent_at = case when $3 = 'sent'::mail_state then $6::timestamptz end
          where id = $1 and attempts = $2 and state in ('sending', 'unsure')",
        mail.id,
        mail.attempt,
        state as _,
        kept,
        trouble,
        now,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// Attempts that never ended: whoever made them is gone. Says how many there were.
pub async fn give_up_lost(db: impl PgExecutor<'_>, before: DateTime<Utc>, trouble: &str) -> sqlx::Result<u64> {
    let lost = sqlx::query!(
        "update mails set state = 'unsure', error = $2 where state = 'sending' and claimed_at < $1",
        before,
        trouble,
    )
    .execute(db)
    .await?;
    Ok(lost.rows_affected())
}

/// Has a mail sent once more. Says to whom, where it could be.
pub async fn send_again(
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

/// Forgets what was sent long ago. Says how many there were.
pub async fn delete_sent(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let gone = sqlx::query!("delete from mails where state = 'sent' and sent_at < $1", before).execute(db).await?;
    Ok(gone.rows_affected())
}

/// Mails that a person has to look at.
pub async fn count_troubled(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from mails where state in ('unsure', 'failed')"#)
        .fetch_one(db)
        .await
}

/// As the statements below answer.
struct Row {
    id: i64,
    user_id: Uuid,
    name: String,
    address: String,
    letter: Json<EmailBody>,
    state: MailState,
    kept: bool,
    trouble: String,
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
            letter: row.letter.0,
            state: row.state,
            kept: row.kept,
            trouble: row.trouble,
            attempts: row.attempts,
            at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

/// The mails before one, newest first: at most 51. Of one person, else in one state, else all.
pub async fn list(db: impl PgExecutor<'_>, filter: OutboxFilter, before: Option<i64>) -> sqlx::Result<Vec<MailRow>> {
    let before = before.unwrap_or(i64::MAX);
    let rows = match (filter.to, filter.state) {
        (Some(user), _) => {
            sqlx::query_as!(
                Row,
                r#"select m.id, m.user_id, u.name, m.address, m.body as "letter: _", m.state as "state: _", m.stored_only as kept, m.error as trouble,
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
                r#"select m.id, m.user_id, u.name, m.address, m.body as "letter: _", m.state as "state: _", m.stored_only as kept, m.error as trouble,
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
                r#"select m.id, m.user_id, u.name, m.address, m.body as "letter: _", m.state as "state: _", m.stored_only as kept, m.error as trouble,
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
        r#"select m.id, m.user_id, u.name, m.address, m.body as "letter: _", m.state as "state: _", m.stored_only as kept, m.error as trouble,
                  m.attempts, m.created_at, m.sent_at
             from mails m join users u on u.id = m.user_id
            where m.id = $1"#,
        mail,
    )
    .fetch_optional(db)
    .await
    .map(|row| row.map(MailRow::from))
}
