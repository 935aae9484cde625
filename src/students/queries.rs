//! Queries of the students pages.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    id::{CourseId, UserId},
    money::Cents,
    students::{CourseChoice, CoursePurchase, Gift, StudentCourse, StudentRow},
    users::Role,
};

/// The row of each list below.
struct Row {
    id: Uuid,
    name: String,
    email: String,
    role: Role,
    joined_at: DateTime<Utc>,
    courses: i64,
    purchases: i64,
    spent: i64,
}

impl From<Row> for StudentRow {
    fn from(row: Row) -> Self {
        let Row { id, name, email, role, joined_at, courses, purchases, spent } = row;
        Self { id: id.into(), name, email, role, joined_at, courses, purchases, spent: Cents(spent) }
    }
}

/// Selects users as [`Row`]s. `$from` is the rest of the statement after `from`, and calls the users `u`.
macro_rules! select_students {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select u.id as "id!", u.name as "name!", u.email as "email!", u.role as "role!: Role", u.created_at as "joined_at!",
                      (select count(*) from user_course_access a where a.user_id = u.id) as "courses!",
                      coalesce((select s.purchases from buyer_sales s where s.user_id = u.id), 0)::bigint as "purchases!",
                      coalesce((select s.paid_in_cents - s.refunded_in_cents from buyer_sales s where s.user_id = u.id), 0) as "spent!"
                 from "# + $from,
            $($argument),+
        )
    };
}

fn rows(rows: Vec<Row>) -> Vec<StudentRow> {
    rows.into_iter().map(StudentRow::from).collect()
}

/// Lists the users after `before`, newest first: at most 51, one more than a page.
pub async fn list(db: impl PgExecutor<'_>, before: Option<UserId>) -> sqlx::Result<Vec<StudentRow>> {
    select_students!(
        "users u
            where u.deleted_at is null
              and (u.created_at, u.id) < (coalesce((select b.created_at from users b where b.id = $1), 'infinity'),
                                          coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by u.created_at desc, u.id desc
            limit 51",
        before.map(UserId::uuid),
    )
    .fetch_all(db)
    .await
    .map(rows)
}

/// Lists the admins whose email address or name matches a pattern, newest first: at most 51. There are few admins.
pub async fn list_admins(
    db: impl PgExecutor<'_>,
    pattern: &str,
    before: Option<UserId>,
) -> sqlx::Result<Vec<StudentRow>> {
    select_students!(
        "users u
            where u.role = 'admin' and u.deleted_at is null and (lower(u.email) like $2 or lower(u.name) like $2)
              and (u.created_at, u.id) < (coalesce((select b.created_at from users b where b.id = $1), 'infinity'),
                                          coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by u.created_at desc, u.id desc
            limit 51",
        before.map(UserId::uuid),
        pattern,
    )
    .fetch_all(db)
    .await
    .map(rows)
}

/// The patterns of a search, for `like` on lower-case text.
pub struct SearchTerms {
    pub start: String,
    /// Matches the start of a later word of a name.
    pub within: String,
}

/// Lists the matches among the next thousand users, newest first: at most 51. It finds common matches.
pub async fn search_recent(
    db: impl PgExecutor<'_>,
    terms: &SearchTerms,
    before: Option<UserId>,
) -> sqlx::Result<Vec<StudentRow>> {
    select_students!(
        "(select n.id, n.name, n.email, n.role, n.created_at from users n
                    where n.deleted_at is null
                      and (n.created_at, n.id) < (coalesce((select b.created_at from users b where b.id = $1), 'infinity'),
                                                  coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                    order by n.created_at desc, n.id desc
                    limit 1000) u
            where lower(u.email) like $2 or lower(u.name) like $2 or lower(u.name) like $3
            order by u.created_at desc, u.id desc
            limit 51",
        before.map(UserId::uuid),
        terms.start,
        terms.within,
    )
    .fetch_all(db)
    .await
    .map(rows)
}

/// Lists the matches among all users, newest first: at most 51. It finds them by index and sorts them, which is fast for rare
/// matches.
pub async fn search_by_index(
    db: impl PgExecutor<'_>,
    terms: &SearchTerms,
    before: Option<UserId>,
) -> sqlx::Result<Vec<StudentRow>> {
    select_students!(
        "(with found as materialized (
             select n.id, n.name, n.email, n.role, n.created_at from users n
              where n.deleted_at is null and (lower(n.email) like $2 or lower(n.name) like $2 or lower(n.name) like $3))
           select f.id, f.name, f.email, f.role, f.created_at from found f
            where (f.created_at, f.id) < (coalesce((select b.created_at from users b where b.id = $1), 'infinity'),
                                          coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by f.created_at desc, f.id desc
            limit 51) u
          order by u.created_at desc, u.id desc",
        before.map(UserId::uuid),
        terms.start,
        terms.within,
    )
    .fetch_all(db)
    .await
    .map(rows)
}

/// Finds a user whose account exists.
pub async fn find_student(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<StudentRow>> {
    let row = select_students!(
        "users u
            where u.id = $1 and u.deleted_at is null",
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StudentRow::from))
}

/// A purchase as the database writes it into JSON.
#[derive(Debug, Deserialize)]
struct Bought {
    sale: Uuid,
    product: String,
    paused: bool,
}

/// Lists the courses of a user by name, with progress and source: at most 100. The list includes courses of a disputed payment, which
/// gives no access.
pub async fn list_courses(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<StudentCourse>> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, coalesce(learned.lessons, 0) as "done!",
                  (select count(*) from curriculum_lessons l where l.course_id = c.id and l.is_published) as "total!",
                  (select coalesce(json_agg(json_build_object('sale', p.id, 'product', p.product_details ->> 'name',
                                                              'paused', p.paused_at is not null)
                                            order by p.created_at), '[]')
                     from purchases p join purchase_courses pc on pc.purchase_id = p.id
                    where p.user_id = $1 and p.refunded_at is null and pc.course_id = c.id) as "bought!: Json<Vec<Bought>>",
                  g.note as "note?", g.created_at as "given_at?",
                  case when giver.deleted_at is null then giver.name end as giver
             from (select pc.course_id from purchases p join purchase_courses pc on pc.purchase_id = p.id
                    where p.user_id = $1 and p.refunded_at is null
                   union
                   select course_id from course_gifts where user_id = $1) a
             join courses c on c.id = a.course_id
             left join course_gifts g on g.user_id = $1 and g.course_id = a.course_id
             left join users giver on giver.id = g.given_by
             left join (
               select l.course_id, count(*) as lessons
                 from user_lesson_complete d join curriculum_lessons l on l.id = d.lesson_id
                where d.user_id = $1 and l.is_published
                group by 1) learned on learned.course_id = c.id
            order by c.name, c.id
            limit 100"#,
        user.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StudentCourse {
            id: row.id.into(),
            name: row.name,
            done: row.done,
            total: row.total,
            purchases: row
                .bought
                .0
                .into_iter()
                .map(|b| CoursePurchase { sale: b.sale.into(), product: b.product, paused: b.paused })
                .collect(),
            gift: row.note.zip(row.given_at).map(|(note, at)| Gift { by: row.giver, note, at }),
        })
        .collect())
}

/// Lists courses that were not given to a user yet and whose name matches a pattern, by name: at most 50.
pub async fn list_courses_to_give(
    db: impl PgExecutor<'_>,
    user: UserId,
    pattern: &str,
) -> sqlx::Result<Vec<CourseChoice>> {
    sqlx::query_as!(
        CourseChoice,
        "select c.id, c.name from courses c
          where lower(c.name) like $2 and not exists (select from course_gifts g where g.user_id = $1 and g.course_id = c.id)
          order by c.name, c.id
          limit 50",
        user.uuid(),
        pattern,
    )
    .fetch_all(db)
    .await
}

/// Finds a user and locks the row, so that the account is not deleted before the transaction ends.
pub async fn lock_student(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Identity>> {
    sqlx::query_as!(
        Identity,
        r#"select name, email, role as "role: Role" from users where id = $1 and deleted_at is null for no key update"#,
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The name, email address and role of a user.
pub struct Identity {
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// Finds the name of a course and locks the row, so that the course is not deleted before the transaction ends.
pub async fn lock_course(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from courses where id = $1 for key share", course.uuid()).fetch_optional(db).await
}

/// Inserts a gift. Returns `false` when the user was given the course before.
pub async fn insert_gift(
    db: impl PgExecutor<'_>,
    user: UserId,
    course: CourseId,
    by: UserId,
    note: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "insert into course_gifts (user_id, course_id, given_by, note) values ($1, $2, $3, $4) on conflict do nothing",
        user.uuid(),
        course.uuid(),
        by.uuid(),
        note,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Deletes a gift. Returns `false` when there was none.
pub async fn delete_gift(db: impl PgExecutor<'_>, user: UserId, course: CourseId) -> sqlx::Result<bool> {
    let result =
        sqlx::query!("delete from course_gifts where user_id = $1 and course_id = $2", user.uuid(), course.uuid())
            .execute(db)
            .await?;
    Ok(result.rows_affected() > 0)
}

/// Whether a user has access to a course.
pub async fn has_course(db: impl PgExecutor<'_>, user: UserId, course: CourseId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from user_course_access where user_id = $1 and course_id = $2) as "has!""#,
        user.uuid(),
        course.uuid(),
    )
    .fetch_one(db)
    .await
}
