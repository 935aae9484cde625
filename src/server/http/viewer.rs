//! The viewer of a request.

use crate::{
    error::{Error, Result},
    id::UserId,
    users::{User, Viewer},
};
use sqlx::{PgExecutor, PgPool};

/// The admin who asks at a door of the back office; `path` is which. A student who tries leaves a line.
///
/// # Errors
/// [`Error::Unauthenticated`] for a visitor, [`Error::Forbidden`] for a student.
pub async fn require_admin(db: &PgPool, viewer: &Viewer, path: &str) -> Result<User> {
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
