//! Writing the audit log, in the transaction of the change that it records.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{audit::queries, id::UserId};

/// The longest summary that is stored, in characters; a longer one is cut.
const MAX_SUMMARY_LENGTH: usize = 2000;

/// Records an action of a user. `action` is an identifier, such as `lesson.rename`; `summary` is a sentence, such as
/// "Renamed the lesson “Hook” to “The hook”"; `subject` is the id of the object or user that was changed.
pub async fn record(
    db: impl PgExecutor<'_>,
    actor: UserId,
    action: &str,
    subject: impl Into<Option<Uuid>>,
    summary: &str,
) -> sqlx::Result<()> {
    insert(db, Some(actor), action, subject.into(), summary).await
}

/// Records a change that the server made by itself, such as after an event of Stripe.
pub async fn record_automatic(
    db: impl PgExecutor<'_>,
    action: &str,
    subject: impl Into<Option<Uuid>>,
    summary: &str,
) -> sqlx::Result<()> {
    insert(db, None, action, subject.into(), summary).await
}

async fn insert(
    db: impl PgExecutor<'_>,
    actor: Option<UserId>,
    action: &str,
    subject: Option<Uuid>,
    summary: &str,
) -> sqlx::Result<()> {
    let summary: String = summary.chars().take(MAX_SUMMARY_LENGTH).collect();
    queries::insert(db, actor, action, subject, &summary).await
}
