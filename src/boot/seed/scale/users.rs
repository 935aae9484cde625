//! Inserts the users of the school for measurements (students and a few admins without credentials), and their audit log and mails.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::boot::seed::scale::sizes::Sizes;

/// Users are anonymized and never deleted, so that this is known even after every course was deleted.
pub async fn are_here(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from users where id = md5('scale student 1')::uuid) as "here!""#)
        .fetch_one(db)
        .await
}

/// Students joined one after the other over three years; the highest number is the newest. Three users are admins.
pub async fn write_users(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into users (id, clerk_user_id, email, name, created_at, updated_at)
         select md5('scale student ' || n)::uuid, 'scale_' || n, 'student' || lpad(n::text, 6, '0') || '@example.com',
                'Demo student ' || n,
                joined, joined
           from generate_series(1, $1::integer) n,
                lateral (select $2::timestamptz - make_interval(secs => ($1 - n + 1) * (1095 * 86400::bigint) / $1) as joined) era",
        sizes.students,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into users (id, clerk_user_id, email, name, role, created_at, updated_at)
         select md5('scale helper ' || n)::uuid, 'scale_helper_' || n, 'helper' || n || '@example.com', 'Helper ' || n, 'admin',
                joined, joined
           from generate_series(1, 3) n, lateral (select $1::timestamptz - make_interval(days => 1100) as joined) era",
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every hundredth student was given a course.
pub async fn write_gifts(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into course_gifts (user_id, course_id, given_by, note, created_at, updated_at)
         select u.id, md5('scale course ' || (hashint8extended(n, 3) & 65535) % $2::integer + 1)::uuid,
                md5('scale helper ' || n % 3 + 1)::uuid, 'Scholarship ' || n, given, given
           from generate_series(100, $1::integer, 100) n join users u on u.id = md5('scale student ' || n)::uuid,
                lateral (select u.created_at + ($3::timestamptz - u.created_at) / 2 as given) era",
        sizes.students,
        sizes.courses,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Mails to buyers of the last 90 days, in order; a few of them failed.
pub async fn write_mails(db: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mails (user_id, address, kind, related_id, body, state, attempts, sent_at, created_at, updated_at)
         select p.user_id, u.email, 'purchased', p.id,
                jsonb_build_object('subject', 'Your receipt for ' || (p.product_details ->> 'name'), 'lines', '[]'::jsonb,
                                   'facts', '[]'::jsonb, 'links', '[]'::jsonb),
                case when odd then 'failed' else 'sent' end::mail_state, 1, case when not odd then p.created_at end,
                p.created_at, p.created_at
           from purchases p join users u on u.id = p.user_id, lateral (select p.receipt_number % 1000 = 0 as odd) mail
          where p.created_at > $1::timestamptz - interval '90 days'
          order by p.created_at, p.id",
        now,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Changes by admins and refused requests of students over two years, in order.
pub async fn write_audit_lines(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit_log (actor_id, action, subject_id, summary, created_at, updated_at)
         select case when refused then md5('scale student ' || n % $3::integer + 1) else md5('scale helper ' || n % 3 + 1) end::uuid,
                case when refused then 'refused' else 'lesson.rename' end,
                case when refused then null else md5('scale lesson ' || n % $4::integer + 1 || ' ' || n % $5::integer + 1)::uuid end,
                case when refused then 'Was refused at /admin'
                     else 'Renamed the lesson “Draft ' || n || '” to “Lesson ' || n % $5::integer + 1 || '”' end,
                happened, happened
           from generate_series(1, $1::integer) n,
                lateral (select n % 50 = 0 as refused,
                                $2::timestamptz - make_interval(secs => ($1 - n + 1) * (730 * 86400::bigint) / $1) as happened) era
          order by n",
        sizes.audit_lines,
        now,
        sizes.students,
        sizes.courses,
        sizes.lessons,
    )
    .execute(db)
    .await?;
    Ok(())
}
