//! Tests of the demo school: it is inserted once, is always the same, and leaves changes by the instructor alone.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::{
    boot::seed::{demo, plant, users},
    tests::fixtures::utc,
};

fn now() -> DateTime<Utc> {
    utc("2026-09-21T14:13:20Z")
}

/// How many rows each table has, and when one was last touched.
async fn fingerprint(pool: &PgPool) -> Vec<(String, i64, Option<DateTime<Utc>>)> {
    sqlx::query_as(
        "select 'school', count(*), max(updated_at) from school
         union all select 'courses', count(*), max(updated_at) from courses
         union all select 'course_sections', count(*), max(updated_at) from course_sections
         union all select 'lessons', count(*), max(updated_at) from lessons
         union all select 'products', count(*), max(updated_at) from products
         union all select 'course_products', count(*), max(updated_at) from course_products
         union all select 'users', count(*), max(updated_at) from users
         union all select 'local_credentials', count(*), max(updated_at) from local_credentials
         union all select 'checkout_attempts', count(*), max(updated_at) from checkout_attempts
         union all select 'purchases', count(*), max(updated_at) from purchases
         union all select 'purchase_courses', count(*), max(updated_at) from purchase_courses
         union all select 'refunds', count(*), max(updated_at) from refunds
         union all select 'user_course_access', count(*), max(updated_at) from user_course_access
         union all select 'user_lesson_complete', count(*), max(updated_at) from user_lesson_complete",
    )
    .fetch_all(pool)
    .await
    .expect("every table can be counted")
}

/// The single number that a query counts.
async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the query counts")
}

#[sqlx::test]
async fn seeding_twice_changes_nothing(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let once = fingerprint(&pool).await;
    plant(&pool, now() + TimeDelta::days(30)).await?;
    assert_eq!(fingerprint(&pool).await, once);
    assert!(once.iter().all(|(_, rows, _)| *rows > 0), "every table has rows: {once:?}");
    Ok(())
}

#[sqlx::test]
async fn two_servers_that_seed_at_once_insert_one_school(pool: PgPool) -> anyhow::Result<()> {
    let (first, second) = tokio::join!(demo(&pool), demo(&pool));
    first.and(second)?;
    assert_eq!(count(&pool, "select count(*) from products").await, 4);
    Ok(())
}

#[sqlx::test]
async fn seeding_again_leaves_changes_and_deletions_alone(pool: PgPool) -> anyhow::Result<()> {
    sqlx::query("update school set name = 'Mine'").execute(&pool).await?;
    plant(&pool, now()).await?;
    sqlx::query("update courses set name = 'Renamed'").execute(&pool).await?;
    sqlx::query(r#"delete from lessons where "order" = 0"#).execute(&pool).await?;
    let before = fingerprint(&pool).await;
    plant(&pool, now()).await?;
    assert_eq!(fingerprint(&pool).await, before);
    assert_eq!(count(&pool, "select count(*) from school where name = 'Mine'").await, 1);
    Ok(())
}

#[sqlx::test]
async fn someone_who_already_has_a_demo_address_keeps_it(pool: PgPool) -> anyhow::Result<()> {
    sqlx::query("insert into users (clerk_user_id, email, name) values ('local_x', 'Student@example.com', 'Someone')")
        .execute(&pool)
        .await?;
    plant(&pool, now()).await?;
    let theirs = "select count(*) from purchases p join users u on u.id = p.user_id where u.name = 'Someone'";
    assert_eq!(count(&pool, theirs).await, 0);
    assert_eq!(count(&pool, "select count(*) from users where lower(email) = 'student@example.com'").await, 1);
    Ok(())
}

#[sqlx::test]
async fn the_school_has_four_public_products_and_over_twenty_lessons_to_see(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    assert_eq!(count(&pool, "select count(*) from products where status = 'public'").await, 4);
    assert_eq!(count(&pool, "select count(*) from products where price_in_dollars = 0").await, 1);
    let bundles = "select count(*) from (select from course_products group by product_id having count(*) > 1) bundle";
    assert_eq!(count(&pool, bundles).await, 1);
    let visible = "select count(*) from curriculum_lessons where is_published";
    assert!(count(&pool, visible).await >= 21);
    assert!(count(&pool, "select count(*) from lessons where status = 'private'").await >= 1);
    assert!(count(&pool, "select count(*) from course_sections where status = 'private'").await >= 1);
    Ok(())
}

#[sqlx::test]
async fn every_public_product_has_a_public_lesson_and_a_preview(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let without = "select count(*) from products p
                    where p.status = 'public' and (
                      select count(distinct l.status) from course_products cp
                        join curriculum_lessons l on l.course_id = cp.course_id and l.is_published
                       where cp.product_id = p.id) < 2";
    assert_eq!(count(&pool, without).await, 0);
    Ok(())
}

#[sqlx::test]
async fn every_bought_course_is_accessible(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let locked = "select count(*) from purchases p join course_products cp on cp.product_id = p.product_id
                   where p.refunded_at is null and not exists (
                     select from user_course_access a where a.user_id = p.user_id and a.course_id = cp.course_id)";
    assert_eq!(count(&pool, locked).await, 0);
    Ok(())
}

#[sqlx::test]
async fn a_refunded_student_has_no_access_unless_by_another_purchase(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let undeserved = "select count(*) from user_course_access a where not exists (
                        select from purchases p join course_products cp on cp.product_id = p.product_id
                         where p.user_id = a.user_id and cp.course_id = a.course_id and p.refunded_at is null)";
    assert_eq!(count(&pool, undeserved).await, 0);
    let refunded = "select count(*) from purchases where refunded_at is not null";
    assert!(count(&pool, refunded).await >= 4);
    let lost_everything = "select count(*) from users u
                            where exists (select from purchases p where p.user_id = u.id)
                              and not exists (select from user_course_access a where a.user_id = u.id)";
    assert!(count(&pool, lost_everything).await >= 1);
    let came_back = "select count(*) from purchases p join user_course_access a on a.user_id = p.user_id
                      where p.refunded_at is not null";
    assert!(count(&pool, came_back).await >= 1);
    Ok(())
}

#[sqlx::test]
async fn the_totals_of_the_demo_school_are_consistent(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let wrong_refunds = "select count(*) from purchases p
                           left join (select purchase_id, sum(amount_in_cents) as back from refunds group by 1) r
                             on r.purchase_id = p.id
                          where coalesce(r.back, 0) > p.price_paid_in_cents
                             or (p.refunded_at is not null) <> (coalesce(r.back, 0) = p.price_paid_in_cents
                                                                and p.price_paid_in_cents > 0)";
    assert_eq!(count(&pool, wrong_refunds).await, 0);
    let partial = "select count(*) from refunds r join purchases p on p.id = r.purchase_id where p.refunded_at is null";
    assert_eq!(count(&pool, partial).await, 1);
    let wrong_attempts = "select count(*) from purchases p left join checkout_attempts a on a.id = p.attempt_id
                           where p.price_paid_in_cents > 0
                             and (a.state, a.amount_in_cents, a.stripe_session_id)
                                 is distinct from ('paid', p.price_paid_in_cents, p.stripe_session_id)";
    assert_eq!(count(&pool, wrong_attempts).await, 0);
    let discounted = "select count(*) from purchases p join checkout_attempts a on a.id = p.attempt_id
                       where p.discount_name = 'Purchasing power (India)' and a.country = 'IN'
                         and p.price_paid_in_cents * 100 = p.subtotal_in_cents * (100 - a.discount_percent)";
    assert!(count(&pool, discounted).await >= 1);
    let unordered = "select count(*) from purchases a join purchases b on a.receipt_number < b.receipt_number
                      where a.created_at > b.created_at";
    assert_eq!(count(&pool, unordered).await, 0);
    Ok(())
}

#[sqlx::test]
async fn every_demo_time_is_in_the_past_and_in_order(pool: PgPool) -> anyhow::Result<()> {
    plant(&pool, now()).await?;
    let spread: (DateTime<Utc>, DateTime<Utc>, i64) = sqlx::query_as(
        "select min(created_at), max(created_at), count(distinct date_trunc('month', created_at)) from purchases",
    )
    .fetch_one(&pool)
    .await?;
    assert!(spread.0 > now() - TimeDelta::days(365) && spread.1 < now(), "{spread:?}");
    assert!(spread.2 >= 12, "{spread:?}");
    let too_early = "select (select count(*) from purchases p join users u on u.id = p.user_id
                              where p.created_at < u.created_at)
                          + (select count(*) from refunds r join purchases p on p.id = r.purchase_id
                              where r.created_at <= p.created_at)";
    assert_eq!(count(&pool, too_early).await, 0);
    let late: Option<DateTime<Utc>> =
        sqlx::query_scalar("select max(created_at) from user_lesson_complete").fetch_one(&pool).await?;
    assert!(late.is_some_and(|late| late < now()));
    Ok(())
}

#[sqlx::test]
async fn two_accounts_can_sign_in_and_the_student_is_half_way(pool: PgPool) -> anyhow::Result<()> {
    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};

    plant(&pool, now()).await?;
    let accounts: Vec<(String, String, String)> = sqlx::query_as(
        "select email, role::text, password_hash from local_credentials c join users u on u.id = c.user_id
          order by email",
    )
    .fetch_all(&pool)
    .await?;
    let who: Vec<_> = accounts.iter().map(|(email, role, _)| (email.as_str(), role.as_str())).collect();
    assert_eq!(who, [("instructor@example.com", "admin"), ("student@example.com", "user")]);
    for (_, _, hash) in &accounts {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let hash = PasswordHash::new(hash).expect("the hash is a PHC string");
        assert!(Argon2::default().verify_password(users::PASSWORD.as_bytes(), &hash).is_ok());
    }
    let finished = "select count(*) from user_lesson_complete c join users u on u.id = c.user_id
                     where u.email = 'student@example.com'";
    assert_eq!(count(&pool, finished).await, 4);
    Ok(())
}
