//! What the back office asks of the database.

use sqlx::PgExecutor;

use super::Overview;
use crate::money::Cents;

/// The school in figures, in one round trip.
pub async fn find_overview(db: impl PgExecutor<'_>) -> sqlx::Result<Overview> {
    let row = sqlx::query!(
        r#"select (select coalesce(sum(price_paid_in_cents), 0) from purchases)::bigint as "paid!",
                  (select coalesce(sum(amount_in_cents), 0) from refunds
                    where purchase_id is not null and state = 'succeeded')::bigint as "refunded!",
                  (select count(*) from purchases where refunded_at is null) as "purchases!",
                  (select count(*) from purchases where refunded_at is not null) as "refunded_purchases!",
                  (select count(*) from users where role = 'user' and deleted_at is null) as "students!",
                  (select count(*) from products) as "products!",
                  (select count(*) from courses) as "courses!",
                  (select count(*) from course_sections) as "sections!",
                  (select count(*) from lessons) as "lessons!""#
    )
    .fetch_one(db)
    .await?;
    Ok(Overview {
        net_sales: Cents(row.paid - row.refunded),
        refunded_sales: Cents(row.refunded),
        purchases: row.purchases,
        refunded_purchases: row.refunded_purchases,
        students: row.students,
        products: row.products,
        courses: row.courses,
        sections: row.sections,
        lessons: row.lessons,
    })
}
