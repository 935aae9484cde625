//! The audit log: who changed what, and when. It is written in the transaction that makes the change.

use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    users::{User, UserId, Viewer},
};

/// Writes a line. `action` is a word for programs, such as `lesson.rename`; `summary` is the sentence for people, such as
/// "Renamed the lesson “Hook” to “The hook”", and is cut at 2000 characters; `subject` is the id of what it was done to.
pub async fn record(
    db: impl PgExecutor<'_>,
    actor: UserId,
    action: &str,
    subject: impl Into<Option<Uuid>>,
    summary: &str,
) -> sqlx::Result<()> {
    write(db, Some(actor), action, subject.into(), summary).await
}

/// Writes a line about something that nobody here did: the school itself tells it, after Stripe's word.
pub async fn record_unasked(
    db: impl PgExecutor<'_>,
    action: &str,
    subject: impl Into<Option<Uuid>>,
    summary: &str,
) -> sqlx::Result<()> {
    write(db, None, action, subject.into(), summary).await
}

async fn write(
    db: impl PgExecutor<'_>,
    actor: Option<UserId>,
    action: &str,
    subject: Option<Uuid>,
    summary: &str,
) -> sqlx::Result<()> {
    let summary: String = summary.chars().take(2000).collect();
    sqlx::query!(
        "insert into audit_log (actor_id, action, subject_id, summary) values ($1, $2, $3, $4)",
        actor.map(UserId::uuid),
        action,
        subject,
        summary,
    )
    .execute(db)
    .await
    .map(drop)
}

/// The admin who asks at a door of the back office; `path` is which. A student who tries leaves a line.
///
/// # Errors
/// [`Error::Unauthenticated`] for a visitor, [`Error::Forbidden`] for a student.
pub async fn let_in(db: &PgPool, viewer: &Viewer, path: &str) -> Result<User> {
    let user = viewer.signed_in()?;
    if viewer.is_admin() {
        return Ok(user.clone());
    }
    refused(db, user.id, path).await?;
    Err(Error::Forbidden)
}

/// Writes that somebody who is no admin knocked at a door of the back office: once a minute for each person and door, and at
/// most thirty lines a minute, however often.
async fn refused(db: impl PgExecutor<'_>, actor: UserId, path: &str) -> sqlx::Result<()> {
    let path: String = path.chars().take(200).collect();
    tracing::warn!(user = %actor, path, "Refused somebody who is no admin");
    sqlx::query!(
        "insert into audit_log (actor_id, action, summary)
         select $1, 'refused', 'Was refused at ' || $2
           from (select count(*) as lines, count(*) filter (where l.summary = 'Was refused at ' || $2) as same
                   from audit_log l
                  where l.actor_id = $1 and l.action = 'refused' and l.created_at > now() - interval '1 minute') recent
          where recent.same = 0 and recent.lines < 30",
        actor.uuid(),
        path,
    )
    .execute(db)
    .await
    .map(drop)
}
