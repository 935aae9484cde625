//! Queries of the dashboard, from sums that triggers maintain.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};

use crate::{
    dashboard::{DaySales, Overview, ProductSales, RecentPurchase, RecentRefund, SalesReport},
    money::Cents,
};

/// Finds the totals of the school in one round trip.
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

/// Finds the sales of the last `days` days in a time zone, the best-selling products, and the latest purchases and refunds, in one
/// round trip. A day begins at its first moment: where clocks are set back over midnight, an hour before the second 0:00.
///
/// # Errors
/// `invalid_parameter_value` when PostgreSQL does not know the zone.
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
        best_sellers: row.best.0,
        purchases: row.purchases.0,
        refunds: row.refunds.0,
    })
}
