//! Inserts the demo school's users: an instructor and a student who can sign in, and forty students without credentials.

use anyhow::{Context, anyhow};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::to_value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::boot::seed::{
    calendar::{self, DAY, STUDENTS},
    ids::{Kind, id},
};

/// Password of both accounts that can sign in. It is printed on purpose: the accounts are for trying Lectern out.
pub const PASSWORD: &str = "demo-password-1";
pub const INSTRUCTOR: Uuid = id(Kind::User, 1_000);

pub const fn student_id(number: usize) -> Uuid {
    id(Kind::User, number)
}

#[derive(Serialize)]
struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    role: &'static str,
    minutes_ago: i32,
}

fn everyone() -> Vec<UserRow> {
    let mut people = vec![UserRow {
        id: INSTRUCTOR,
        email: "instructor@example.com".into(),
        name: "Demo instructor".into(),
        role: "admin",
        minutes_ago: 381 * DAY,
    }];
    people.extend((0..=STUDENTS).map(|number| UserRow {
        id: student_id(number),
        email: if number == 0 { "student@example.com".into() } else { format!("student-{number}@example.com") },
        name: if number == 0 { "Demo student".into() } else { format!("Demo student {number}") },
        role: "user",
        minutes_ago: calendar::joined_minutes_ago(number),
    }));
    people
}

/// Whether this database has had its demo school. Users are anonymized and never deleted, so that this is known even after every
/// demo course was deleted.
pub async fn are_here(db: &mut PgConnection) -> sqlx::Result<bool> {
    let ids: Vec<Uuid> = everyone().into_iter().map(|person| person.id).collect();
    sqlx::query_scalar!(r#"select exists (select from users where id = any ($1)) as "here!""#, &ids).fetch_one(db).await
}

/// A user who already has one of the addresses keeps it, and that demo user is not inserted.
pub async fn write_users(db: &mut PgConnection, now: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query!(
        "insert into users (id, clerk_user_id, email, name, role, email_confirmed_at, created_at, updated_at)
         select id, 'local_' || id, email, name, role, joined, joined, joined
           from jsonb_to_recordset($1)
                  as person (id uuid, email text, name text, role user_role, minutes_ago integer),
                lateral (select $2::timestamptz - make_interval(mins => minutes_ago) as joined) era
         on conflict do nothing",
        to_value(everyone())?,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn write_credentials(db: &mut PgConnection) -> anyhow::Result<()> {
    let hash =
        tokio::task::spawn_blocking(hash_password).await.context("hashing the demo password was interrupted")??;
    sqlx::query!(
        "insert into local_credentials (user_id, password_hash, created_at, updated_at)
         select id, $2, created_at, created_at from users where id = any ($1)
         on conflict do nothing",
        &[INSTRUCTOR, student_id(0)],
        hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Argon2id as OWASP's Password Storage Cheat Sheet asks: 19 MiB, two passes, one lane.
fn hash_password() -> anyhow::Result<String> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow!("argon2 parameters: {error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(PASSWORD.as_bytes()).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}
