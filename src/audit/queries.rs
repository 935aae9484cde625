//! Queries of the audit log. The ids of its entries ascend in the order of writing.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    audit::{Actor, AuditEntry},
    id::UserId,
};

/// The row of each list below.
struct Row {
    id: i64,
    actor_id: Option<Uuid>,
    /// `None` for a deleted user.
    actor: Option<String>,
    summary: String,
    refused: bool,
    at: DateTime<Utc>,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        let actor = match (row.actor_id, row.actor) {
            (None, _) => Actor::System,
            (Some(_), None) => Actor::DeletedUser,
            (Some(id), Some(name)) => Actor::User { id: id.into(), name },
        };
        Self { id: row.id, actor, summary: row.summary, refused: row.refused, at: row.at }
    }
}

fn entries(rows: Vec<Row>) -> Vec<AuditEntry> {
    rows.into_iter().map(AuditEntry::from).collect()
}

/// Lists the entries before an id, newest first: at most 51, one more than a page.
pub async fn list(db: impl PgExecutor<'_>, before: Option<i64>) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        Row,
        r#"select l.id, l.actor_id, (select u.name from users u where u.id = l.actor_id and u.deleted_at is null) as actor,
                  l.summary, l.action = 'refused' as "refused!", l.created_at as at
             from audit_log l
            where l.id < coalesce($1, 9223372036854775807)
            order by l.id desc
            limit 51"#,
        before,
    )
    .fetch_all(db)
    .await
    .map(entries)
}

/// Lists one user's actions before an id, newest first: at most 51.
pub async fn list_by_actor(
    db: impl PgExecutor<'_>,
    actor: UserId,
    before: Option<i64>,
) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        Row,
        r#"select l.id, l.actor_id, (select u.name from users u where u.id = l.actor_id and u.deleted_at is null) as actor,
                  l.summary, l.action = 'refused' as "refused!", l.created_at as at
             from audit_log l
            where l.actor_id = $2 and l.id < coalesce($1, 9223372036854775807)
            order by l.actor_id, l.id desc
            limit 51"#,
        before,
        actor.uuid(),
    )
    .fetch_all(db)
    .await
    .map(entries)
}

/// Lists the changes of one object or user before an id, newest first: at most 51.
pub async fn list_by_subject(
    db: impl PgExecutor<'_>,
    subject: Uuid,
    before: Option<i64>,
) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        Row,
        r#"select l.id, l.actor_id, (select u.name from users u where u.id = l.actor_id and u.deleted_at is null) as actor,
                  l.summary, l.action = 'refused' as "refused!", l.created_at as at
             from audit_log l
            where l.subject_id = $2 and l.id < coalesce($1, 9223372036854775807)
            order by l.subject_id, l.id desc
            limit 51"#,
        before,
        subject,
    )
    .fetch_all(db)
    .await
    .map(entries)
}

/// Finds the name of a user whose account exists.
pub async fn find_user_name(db: impl PgExecutor<'_>, user: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from users where id = $1 and deleted_at is null", user).fetch_optional(db).await
}

/// Inserts an entry about a student who was denied a URL of the back office: one entry a minute for each student and URL, and at
/// most thirty a minute for each student, so that one student cannot fill the log.
pub async fn insert_rejection(db: impl PgExecutor<'_>, actor: UserId, path: &str) -> sqlx::Result<()> {
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

/// Inserts an entry. `actor` is `None` for the server itself.
pub async fn insert(
    db: impl PgExecutor<'_>,
    actor: Option<UserId>,
    action: &str,
    subject: Option<Uuid>,
    summary: &str,
) -> sqlx::Result<()> {
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
