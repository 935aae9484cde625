//! Tests of the dashboard: its totals, its days in any time zone, and the activity page.

use chrono::{DateTime, Utc};
use rstest::rstest;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    audit::{self, Actor},
    dashboard::{
        Overview,
        activity_api::GetLog,
        queries::{find_overview, find_sales_report},
    },
    id::{ProductId, UserId},
    money::Cents,
    paths,
    tests::fixtures::{self, Browser, utc},
};

async fn browser(db: &PgPool, user: UserId) -> Browser {
    fixtures::browser(db, Some(user)).await
}

async fn admin(db: &PgPool) -> UserId {
    fixtures::admin(db, "boss").await.id
}

#[sqlx::test]
async fn a_refused_call_is_listed_in_the_activity_log(db: PgPool) {
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db).await);
    assert_eq!(browser(&db, student).await.call::<GetLog>("").await.status, 403);
    let page = browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await;
    assert!(page.body.contains("Refused") && page.body.contains("Was refused at"), "{}", page.body);
}

#[sqlx::test]
async fn an_empty_log_says_so(db: PgPool) {
    let boss = admin(&db).await;
    assert!(browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await.body.contains("No activity"));
}

#[sqlx::test]
async fn every_line_names_an_actor(db: PgPool) {
    let (deleted, boss) = (fixtures::student(&db, "deleted").await, admin(&db).await);
    audit::service::record(&db, boss, "lesson.rename", None, "One").await.unwrap();
    audit::service::record(&db, deleted, "lesson.rename", None, "Two").await.unwrap();
    sqlx::query!("update users set deleted_at = now() where id = $1", deleted.uuid()).execute(&db).await.unwrap();
    sqlx::query!("insert into audit_log (action, summary) values ('school.open', 'Three')").execute(&db).await.unwrap();
    let lines = audit::queries::list(&db, None).await.unwrap();
    let actors: Vec<_> = lines.iter().map(|line| (line.summary.as_str(), line.actor.label())).collect();
    assert_eq!(actors, [("Three", "The system"), ("Two", "Deleted user"), ("One", "Demo student")]);
    assert_eq!(lines[2].actor, Actor::User { id: boss, name: "Demo student".into() });
    let body = browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await.body;
    assert!(body.contains("Deleted user") && body.contains("The system"));
}

#[sqlx::test]
async fn the_log_is_paged_and_filtered_by_actor_and_subject(db: PgPool) {
    let (other, boss) = (fixtures::student(&db, "other").await, admin(&db).await);
    let course = Uuid::from_u128(7);
    for n in 0..120 {
        let (actor, subject) = if n % 2 == 0 { (boss, Some(course)) } else { (other, None) };
        audit::service::record(&db, actor, "lesson.rename", subject, &format!("Line {n}")).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let lines = audit::queries::list(&db, before).await.unwrap();
        assert!(lines.len() <= 51);
        seen.extend(lines.iter().take(50).map(|line| line.id));
        if lines.len() <= 50 {
            break;
        }
        before = seen.last().copied();
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    let by = audit::queries::list_by_actor(&db, other, None).await.unwrap();
    assert!(by.len() == 51 && by[0].summary == "Line 119" && by[1].summary == "Line 117");
    let about = audit::queries::list_by_subject(&db, course, Some(by[0].id)).await.unwrap();
    assert!(about.len() == 51 && about[0].summary == "Line 118");
    let browser = browser(&db, boss).await;
    let body = browser.get(&format!("{}?actor={other}", paths::ADMIN_ACTIVITY)).await.body;
    assert!(body.contains("Line 119") && !body.contains("Line 118") && body.contains("Older"));
}

#[rstest]
#[case(0, 0, "0")]
#[case(3, 3, "1.0")]
#[case(4, 3, "1.3")]
#[case(5, 3, "1.7")]
#[case(5, 4, "1.3")]
#[case(29, 15, "1.9")]
#[case(39, 20, "2.0")]
fn purchases_per_buyer_have_one_decimal(#[case] purchases: i64, #[case] buyers: i64, #[case] words: &str) {
    let overview = Overview {
        net_sales: Cents::ZERO,
        refunded_sales: Cents::ZERO,
        purchases,
        refunded_purchases: 0,
        disputed: 0,
        buyers,
        students: 0,
        products: 0,
        courses: 0,
        sections: 0,
        lessons: 0,
    };
    assert_eq!(overview.purchases_per_buyer(), words);
}

/// Inserts a sale of `cents` at a time.
async fn insert_sale(db: &PgPool, product: ProductId, at: DateTime<Utc>, cents: i32) -> uuid::Uuid {
    sqlx::query_scalar!(
        r#"with buyer as (
                 insert into users (clerk_user_id, email, name)
                 select n::text, n || '@example.com', 'Student' from (select gen_random_uuid() as n) ids returning id)
               insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id,
                                      stripe_session_id, created_at)
               select $3, $3, '{"name": "Course", "description": "", "image_url": ""}', buyer.id, $1,
                      gen_random_uuid()::text, $2 from buyer returning id"#,
        product.uuid(),
        at,
        cents,
    )
    .fetch_one(db)
    .await
    .unwrap()
}

async fn insert_refund(db: &PgPool, purchase: uuid::Uuid, at: DateTime<Utc>, cents: i32) {
    sqlx::query!(
        "insert into refunds (purchase_id, amount_in_cents, state, created_at) values ($1, $2, 'succeeded', $3)",
        purchase,
        cents,
        at,
    )
    .execute(db)
    .await
    .unwrap();
}

/// The net sales of each day that has any.
async fn days_with_sales(db: &PgPool, zone: &str, now: DateTime<Utc>) -> Vec<(String, i64)> {
    let report = find_sales_report(db, zone, 30, now).await.unwrap();
    assert_eq!(report.days.len(), 30, "days without sales are there");
    report.days.into_iter().filter(|day| day.net != Cents::ZERO).map(|day| (day.day, day.net.0)).collect()
}

fn days(days: &[(&str, i64)]) -> Vec<(String, i64)> {
    days.iter().map(|(day, net)| ((*day).to_owned(), *net)).collect()
}

#[sqlx::test]
async fn the_ten_totals_are_those_of_the_rows(db: PgPool) {
    let none = find_overview(&db).await.unwrap();
    assert_eq!((none.net_sales, none.purchases, none.purchases_per_buyer()), (Cents::ZERO, 0, "0".into()));
    let course = fixtures::course(&db, "Course").await;
    fixtures::section(&db, course, 0, "public", &[("One", "public"), ("Two", "private")]).await;
    let one = fixtures::product(&db, "one", 60, &[course]).await;
    let two = fixtures::product(&db, "two", 30, &[course]).await;
    let at = utc("2026-03-01T12:00:00Z");
    let first = insert_sale(&db, one, at, 6000).await;
    insert_sale(&db, two, at, 3000).await;
    let refunded = insert_sale(&db, two, at, 3000).await;
    let student = fixtures::student(&db, "student").await;
    fixtures::purchase(&db, student, one).await;
    fixtures::purchase(&db, student, two).await;
    insert_refund(&db, first, at, 1000).await;
    insert_refund(&db, refunded, at, 3000).await;
    sqlx::query!("update purchases set refunded_at = now() where id = $1", refunded).execute(&db).await.unwrap();
    let admin = fixtures::admin(&db, "admin").await.id;
    let overview = find_overview(&db).await.unwrap();
    let expected = Overview {
        net_sales: Cents(8000),
        refunded_sales: Cents(4000),
        purchases: 4,
        refunded_purchases: 1,
        disputed: 0,
        buyers: 3,
        students: 4,
        products: 2,
        courses: 1,
        sections: 1,
        lessons: 2,
    };
    assert_eq!(overview, expected);
    assert_eq!(overview.purchases_per_buyer(), "1.3");

    let report = find_sales_report(&db, "UTC", 30, at).await.unwrap();
    let best: Vec<_> = report.best_sellers.iter().map(|b| (b.name.as_str(), b.net.0, b.live)).collect();
    assert_eq!(best, [("one", 5000, 2), ("two", 3000, 2)]);
    assert_eq!((report.purchases.len(), report.refunds.len()), (5, 2));

    let router = crate::boot::router::router(fixtures::state(&db, fixtures::UNREACHABLE_URL).await);
    let cookie = fixtures::cookie(&db, admin).await;
    let page = Browser { router: router.clone(), cookie: Some(format!("{cookie}; tz=Asia/Kathmandu")) };
    let body = page.get("/admin?days=365").await.body;
    for words in
        ["$80", "$40", "1.3", "Time zone: Asia/Kathmandu.", "in the last 365 days", "Show as a table", "Best selling"]
    {
        assert!(body.contains(words), "{words}");
    }
    for (tz, zone) in [("Mars/Phobos", "UTC"), ("../../etc", "UTC"), ("America/New_York", "America/New York")] {
        let page = Browser { router: router.clone(), cookie: Some(format!("{cookie}; tz={tz}")) };
        let body = page.get("/admin").await.body;
        assert!(body.contains(&format!("Time zone: {zone}.")), "{tz}");
    }
}

#[sqlx::test]
async fn a_day_is_the_admins_own_through_summer_time_and_winter_time(db: PgPool) {
    let product = fixtures::product(&db, "one", 60, &[]).await;
    // 29 March 2026 has 23 hours in Berlin, 25 October 25: from 23:00 and 22:00 UTC on, to 22:00 and 23:00.
    for (at, cents) in [
        (utc("2026-03-28T22:59:00Z"), 1),
        (utc("2026-03-28T23:00:00Z"), 10),
        (utc("2026-03-29T21:59:00Z"), 100),
        (utc("2026-03-29T22:00:00Z"), 1000),
        (utc("2026-10-24T21:59:00Z"), 1),
        (utc("2026-10-24T22:00:00Z"), 10),
        (utc("2026-10-25T22:59:00Z"), 100),
        (utc("2026-10-25T23:00:00Z"), 1000),
    ] {
        insert_sale(&db, product, at, cents).await;
    }
    let spring = days_with_sales(&db, "Europe/Berlin", utc("2026-04-01T12:00:00Z")).await;
    assert_eq!(spring, days(&[("2026-03-28", 1), ("2026-03-29", 110), ("2026-03-30", 1000)]));
    let autumn = days_with_sales(&db, "Europe/Berlin", utc("2026-11-01T12:00:00Z")).await;
    assert_eq!(autumn, days(&[("2026-10-24", 1), ("2026-10-25", 110), ("2026-10-26", 1000)]));
}

#[sqlx::test]
async fn a_zone_may_be_off_by_quarters_of_an_hour(db: PgPool) {
    let product = fixtures::product(&db, "one", 60, &[]).await;
    // Kathmandu is 5:45 ahead: its midnight is 18:15 in UTC.
    insert_sale(&db, product, utc("2026-03-04T18:14:59Z"), 1).await;
    insert_sale(&db, product, utc("2026-03-04T18:15:00Z"), 10).await;
    let now = utc("2026-03-05T12:00:00Z");
    assert_eq!(days_with_sales(&db, "Asia/Kathmandu", now).await, days(&[("2026-03-04", 1), ("2026-03-05", 10)]));
    assert_eq!(days_with_sales(&db, "UTC", now).await, days(&[("2026-03-04", 11)]));
}

#[sqlx::test]
async fn midnight_may_come_twice_or_not_at_all(db: PgPool) {
    let product = fixtures::product(&db, "one", 60, &[]).await;
    // In Havana, 1 November 2026 has two midnights (4:00 and 5:00 UTC) and 8 March none: it begins at 1:00 (5:00 UTC).
    for (at, cents) in [
        (utc("2026-11-01T03:59:00Z"), 1),
        (utc("2026-11-01T04:00:00Z"), 10),
        (utc("2026-11-01T05:00:00Z"), 100),
        (utc("2026-11-02T04:59:00Z"), 1000),
        (utc("2026-03-08T04:59:00Z"), 1),
        (utc("2026-03-08T05:00:00Z"), 10),
    ] {
        insert_sale(&db, product, at, cents).await;
    }
    let autumn = days_with_sales(&db, "America/Havana", utc("2026-11-03T12:00:00Z")).await;
    assert_eq!(autumn, days(&[("2026-10-31", 1), ("2026-11-01", 1110)]));
    let spring = days_with_sales(&db, "America/Havana", utc("2026-03-10T12:00:00Z")).await;
    assert_eq!(spring, days(&[("2026-03-07", 1), ("2026-03-08", 10)]));
}

#[sqlx::test]
async fn a_refund_counts_on_its_own_day_and_a_day_may_be_negative(db: PgPool) {
    let product = fixtures::product(&db, "one", 60, &[]).await;
    let sale = insert_sale(&db, product, utc("2026-03-01T12:00:00Z"), 6000).await;
    insert_refund(&db, sale, utc("2026-03-03T12:00:00Z"), 2000).await;
    let now = utc("2026-03-05T12:00:00Z");
    assert_eq!(days_with_sales(&db, "UTC", now).await, days(&[("2026-03-01", 6000), ("2026-03-03", -2000)]));
    let year = find_sales_report(&db, "UTC", 365, now).await.unwrap();
    assert_eq!((year.days.len(), year.days[0].day.as_str()), (365, "2025-03-06"));
    assert_eq!(year.days[364].day, "2026-03-05");
}
