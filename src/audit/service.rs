//! The audit log: who changed what, and when. It is written in the transaction that makes the change.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::id::UserId;

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
