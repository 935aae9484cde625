//! What the back office asks of the database.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};

use crate::{
    dashboard::{DaySales, Overview, ProductSales, RecentPurchase, RecentRefund, SalesReport},
    money::Cents,
};

/// The school in figures, in one round trip, from sums that the database keeps.
pub async fn find_overview(db: impl PgExecutor<'_>) -> sqlx::Result<Overview> {
    let row = sqlx::query!(
        r#"select coalesce(s.paid, 0)::bigint as "paid!", coalesce(s.refunded, 0)::bigint as "refunded!",
                  coalesce(s.live, 0)::bigint as "purchases!",
                  coalesce(s.purchases - s.live, 0)::bigint as "refunded_purchases!",
                  (select count(*) from purchases where state = 'disputed') as "disputed!",
                  (select count(*) from buyer_sales where live > 0) as "buyers!",
                  (select count(*) from users where role = 'user' and deleted_at is null) as "students!",
                  (select count(*) from products) as "products!",
                  (select count(*) from courses) as "courses!",
                  (select count(*) from course_sections) as "sections!",
                  (select count(*) from lessons) as "lessons!"
             from (select sum(paid_in_cents) as paid, sum(refunded_in_cents) as refunded, sum(live) as live,
                          sum(purchases) as purchases from product_sales) s"#
    )
    .fetch_one(db)
    .await?;
    Ok(Overview {
        net_sales: Cents(row.paid - row.refunded),
        refunded_sales: Cents(row.refunded),
        purchases: row.purchases,
        refunded_purchases: row.refunded_purchases,
        disputed: row.disputed,
        buyers: row.buyers,
        students: row.students,
        products: row.products,
        courses: row.courses,
        sections: row.sections,
        lessons: row.lessons,
    })
}

/// Sales of the last `days` days of a time zone, the best selling products, and the latest, in one round trip. Fails with
/// `invalid_parameter_value` where the zone is none.
///
/// A day begins at its first moment: where clocks are set back over midnight, an hour before the second 0:00.
pub async fn find_sales_report(
    db: impl PgExecutor<'_>,
    zone: &str,
    days: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<SalesReport> {
    let row = sqlx::query!(
        r#"select
             (select json_agg(json_build_object('day', to_char(d.day, 'YYYY-MM-DD'), 'net', q.net) order by d.day)
                from (select b.day, b.start, lead(b.start) over (order by b.day) as until
                        from (select n.day, case when ((n.start - interval '1 hour') at time zone $1)::date = n.day
                                            then n.start - interval '1 hour' else n.start end as start
                                from (select g::date as day, g at time zone $1 as start
                                        from generate_series(
                                          date_trunc('day', $3::timestamptz at time zone $1) - make_interval(days => $2 - 1),
                                          date_trunc('day', $3::timestamptz at time zone $1) + interval '1 day',
                                          interval '1 day') g) n) b) d
                     cross join lateral (
                       select coalesce(sum(paid_in_cents - refunded_in_cents), 0)::bigint as net from quarter_hour_sales
                        where at >= d.start and at < d.until) q
               where d.until is not null) as "days!: Json<Vec<DaySales>>",
             (select coalesce(json_agg(b order by b.net desc, b.id), '[]')
                from (select p.id, p.name, s.paid_in_cents - s.refunded_in_cents as net, s.live
                        from product_sales s join products p on p.id = s.product_id
                       where s.purchases > 0
                       order by net desc, p.id limit 10) b) as "best!: Json<Vec<ProductSales>>",
             (select coalesce(json_agg(json_build_object('id', r.id, 'email', r.email, 'product', r.product,
                              'paid', r.price_paid_in_cents, 'at', floor(extract(epoch from r.created_at))::bigint)
                              order by r.created_at desc, r.id desc), '[]')
                from (select n.*, u.email, n.product_details ->> 'name' as product
                        from (select * from purchases order by created_at desc, id desc limit 8) n
                             cross join lateral (select email from users where id = n.user_id limit 1) u) r)
               as "purchases!: Json<Vec<RecentPurchase>>",
             (select coalesce(json_agg(json_build_object('purchase', r.purchase_id, 'email', r.email, 'product', r.product,
                              'amount', r.amount_in_cents, 'pending', r.state = 'pending',
                              'at', floor(extract(epoch from r.created_at))::bigint)
                              order by r.created_at desc, r.id desc), '[]')
                from (select n.*, p.email, p.product
                        from (select * from refunds where purchase_id is not null and state in ('pending', 'succeeded')
                               order by created_at desc, id desc limit 8) n
                             cross join lateral (
                               select u.email, p.product_details ->> 'name' as product
                                 from purchases p join users u on u.id = p.user_id
                                where p.id = n.purchase_id limit 1) p) r) as "refunds!: Json<Vec<RecentRefund>>""#,
        zone,
        days,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(SalesReport {
        zone: zone.to_owned(),
        days: row.days.0,
        best: row.best.0,
        purchases: row.purchases.0,
        refunds: row.refunds.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::ProductId,
        tests::fixtures::{self, Browser, utc},
    };
    use sqlx::PgPool;

    /// A sale of so many cents at this moment.
    async fn sell(db: &PgPool, product: ProductId, at: DateTime<Utc>, cents: i32) -> uuid::Uuid {
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

    async fn send_back(db: &PgPool, purchase: uuid::Uuid, at: DateTime<Utc>, cents: i32) {
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

    /// Days with what they brought, those without left out.
    async fn days(db: &PgPool, zone: &str, now: DateTime<Utc>) -> Vec<(String, i64)> {
        let trade = find_sales_report(db, zone, 30, now).await.unwrap();
        assert_eq!(trade.days.len(), 30, "days without sales are there");
        trade.days.into_iter().filter(|day| day.net != Cents::ZERO).map(|day| (day.day, day.net.0)).collect()
    }

    fn on(days: &[(&str, i64)]) -> Vec<(String, i64)> {
        days.iter().map(|(day, net)| ((*day).to_owned(), *net)).collect()
    }

    #[sqlx::test]
    async fn the_ten_figures_are_those_of_the_rows(db: PgPool) {
        let none = find_overview(&db).await.unwrap();
        assert_eq!((none.net_sales, none.purchases, none.purchases_per_buyer()), (Cents::ZERO, 0, "0".into()));
        let course = fixtures::course(&db, "Course").await;
        fixtures::section(&db, course, 0, "public", &[("One", "public"), ("Two", "private")]).await;
        let one = fixtures::product(&db, "one", 60, &[course]).await;
        let two = fixtures::product(&db, "two", 30, &[course]).await;
        let at = utc("2026-03-01T12:00:00Z");
        let first = sell(&db, one, at, 6000).await;
        sell(&db, two, at, 3000).await;
        let gone = sell(&db, two, at, 3000).await;
        let student = fixtures::student(&db, "student").await;
        fixtures::purchase(&db, student, one).await;
        fixtures::purchase(&db, student, two).await;
        send_back(&db, first, at, 1000).await;
        send_back(&db, gone, at, 3000).await;
        sqlx::query!("update purchases set refunded_at = now() where id = $1", gone).execute(&db).await.unwrap();
        let admin = fixtures::student(&db, "admin").await;
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
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

        let trade = find_sales_report(&db, "UTC", 30, at).await.unwrap();
        let best: Vec<_> = trade.best.iter().map(|b| (b.name.as_str(), b.net.0, b.live)).collect();
        assert_eq!(best, [("one", 5000, 2), ("two", 3000, 2)]);
        assert_eq!((trade.purchases.len(), trade.refunds.len()), (5, 2));

        let router = crate::boot::router::router(fixtures::state(&db, "http://127.0.0.1:9").await);
        let cookie = fixtures::cookie(&db, admin).await;
        let page = Browser { router: router.clone(), cookie: Some(format!("{cookie}; tz=Asia/Kathmandu")) };
        let body = page.get("/admin?days=365").await.body;
        for words in ["$80", "$40", "1.3", "those of Asia/Kathmandu.", "in 365 days", "Show as a table", "Best selling"]
        {
            assert!(body.contains(words), "{words}");
        }
        for (tz, zone) in [("Mars/Phobos", "UTC"), ("../../etc", "UTC"), ("America/New_York", "America/New York")] {
            let page = Browser { router: router.clone(), cookie: Some(format!("{cookie}; tz={tz}")) };
            let body = page.get("/admin").await.body;
            assert!(body.contains(&format!("those of {zone}.")), "{tz}");
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
            sell(&db, product, at, cents).await;
        }
        let spring = days(&db, "Europe/Berlin", utc("2026-04-01T12:00:00Z")).await;
        assert_eq!(spring, on(&[("2026-03-28", 1), ("2026-03-29", 110), ("2026-03-30", 1000)]));
        let autumn = days(&db, "Europe/Berlin", utc("2026-11-01T12:00:00Z")).await;
        assert_eq!(autumn, on(&[("2026-10-24", 1), ("2026-10-25", 110), ("2026-10-26", 1000)]));
    }

    #[sqlx::test]
    async fn a_zone_may_be_off_by_quarters_of_an_hour(db: PgPool) {
        let product = fixtures::product(&db, "one", 60, &[]).await;
        // Kathmandu is 5:45 ahead: its midnight is 18:15 in UTC.
        sell(&db, product, utc("2026-03-04T18:14:59Z"), 1).await;
        sell(&db, product, utc("2026-03-04T18:15:00Z"), 10).await;
        let now = utc("2026-03-05T12:00:00Z");
        assert_eq!(days(&db, "Asia/Kathmandu", now).await, on(&[("2026-03-04", 1), ("2026-03-05", 10)]));
        assert_eq!(days(&db, "UTC", now).await, on(&[("2026-03-04", 11)]));
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
            sell(&db, product, at, cents).await;
        }
        let autumn = days(&db, "America/Havana", utc("2026-11-03T12:00:00Z")).await;
        assert_eq!(autumn, on(&[("2026-10-31", 1), ("2026-11-01", 1110)]));
        let spring = days(&db, "America/Havana", utc("2026-03-10T12:00:00Z")).await;
        assert_eq!(spring, on(&[("2026-03-07", 1), ("2026-03-08", 10)]));
    }

    #[sqlx::test]
    async fn a_refund_counts_on_its_own_day_and_a_day_may_be_below_nothing(db: PgPool) {
        let product = fixtures::product(&db, "one", 60, &[]).await;
        let sale = sell(&db, product, utc("2026-03-01T12:00:00Z"), 6000).await;
        send_back(&db, sale, utc("2026-03-03T12:00:00Z"), 2000).await;
        let now = utc("2026-03-05T12:00:00Z");
        assert_eq!(days(&db, "UTC", now).await, on(&[("2026-03-01", 6000), ("2026-03-03", -2000)]));
        let year = find_sales_report(&db, "UTC", 365, now).await.unwrap();
        assert_eq!((year.days.len(), year.days[0].day.as_str()), (365, "2025-03-06"));
        assert_eq!(year.days[364].day, "2026-03-05");
    }
}
