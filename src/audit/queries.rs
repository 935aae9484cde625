//! What is asked of the database about the audit log. Lines are numbered in the order they were written.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    audit::{Actor, LogLine},
    id::UserId,
};

/// As the statements below answer.
struct Row {
    id: i64,
    actor_id: Option<Uuid>,
    /// Nothing for whoever is deleted.
    actor: Option<String>,
    summary: String,
    refused: bool,
    at: DateTime<Utc>,
}

impl From<Row> for LogLine {
    fn from(row: Row) -> Self {
        let actor = match (row.actor_id, row.actor) {
            (None, _) => Actor::School,
            (Some(_), None) => Actor::Deleted,
            (Some(id), Some(name)) => Actor::Person { id: id.into(), name },
        };
        Self { id: row.id, actor, summary: row.summary, refused: row.refused, at: row.at }
    }
}

fn lines(rows: Vec<Row>) -> Vec<LogLine> {
    rows.into_iter().map(LogLine::from).collect()
}

/// The lines before one, newest first: at most 51.
pub async fn list(db: impl PgExecutor<'_>, before: Option<i64>) -> sqlx::Result<Vec<LogLine>> {
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
    .map(lines)
}

/// What one person did, before a line: at most 51.
pub async fn list_by(db: impl PgExecutor<'_>, actor: UserId, before: Option<i64>) -> sqlx::Result<Vec<LogLine>> {
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
    .map(lines)
}

/// What was done to one thing, before a line: at most 51.
pub async fn list_about(db: impl PgExecutor<'_>, subject: Uuid, before: Option<i64>) -> sqlx::Result<Vec<LogLine>> {
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
    .map(lines)
}

/// What somebody who is here is called.
pub async fn find_name(db: impl PgExecutor<'_>, user: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from users where id = $1 and deleted_at is null", user).fetch_optional(db).await
}
