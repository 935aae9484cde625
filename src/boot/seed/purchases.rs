//! Inserts purchases, refunds and progress, as [`crate::boot::seed::sales_plan`] planned them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::to_value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::boot::seed::{
    catalogue::course_id,
    ids::{Kind, id},
    products::{PRODUCTS, product_id},
    sales_plan::Sale,
    users::student_id,
};

#[derive(Serialize)]
struct SaleRow {
    id: Uuid,
    /// What cost money was attempted first.
    attempt_id: Option<Uuid>,
    user_id: Uuid,
    product_id: Uuid,
    subtotal_in_cents: i32,
    paid_in_cents: i32,
    discount_name: Option<&'static str>,
    country: Option<&'static str>,
    percent: Option<i32>,
    session: Option<String>,
    intent: Option<String>,
    minutes_ago: i32,
    refunded_minutes_ago: Option<i32>,
}

#[derive(Serialize)]
struct RefundRow {
    id: Uuid,
    purchase_id: Uuid,
    amount_in_cents: i32,
    reason: &'static str,
    stripe_refund_id: String,
    minutes_ago: i32,
}

#[derive(Serialize)]
struct ProgressRow {
    user_id: Uuid,
    course_id: Uuid,
    finished: usize,
    minutes_ago: i32,
}

/// A number for a purchase that does not depend on its position in the plan.
const fn number(sale: &Sale) -> usize {
    sale.student * 10 + sale.product + 1
}

fn sale_row(sale: &Sale) -> SaleRow {
    let number = number(sale);
    let costs = sale.paid_in_cents() > 0;
    SaleRow {
        id: id(Kind::Purchase, number),
        attempt_id: costs.then(|| id(Kind::Attempt, number)),
        user_id: student_id(sale.student),
        product_id: product_id(sale.product),
        subtotal_in_cents: sale.subtotal_in_cents(),
        paid_in_cents: sale.paid_in_cents(),
        discount_name: sale.discount.map(|discount| discount.name),
        country: sale.discount.map(|discount| discount.country),
        percent: sale.discount.map(|discount| discount.percent),
        session: costs.then(|| format!("cs_test_demo_{number:04}")),
        intent: costs.then(|| format!("pi_demo_{number:04}")),
        minutes_ago: sale.minutes_ago,
        refunded_minutes_ago: sale.refund.filter(|_| sale.is_fully_refunded()).map(|refund| refund.minutes_ago),
    }
}

/// Attempts and purchases. Triggers give access.
pub async fn write_sales(db: &mut PgConnection, now: DateTime<Utc>, sales: &[Sale]) -> anyhow::Result<()> {
    let rows = to_value(sales.iter().map(sale_row).collect::<Vec<_>>())?;
    sqlx::query!(
        "insert into checkout_attempts
           (id, user_id, product_id, state, subtotal_in_cents, amount_in_cents, discount_name, country,
            discount_percent, product_details, stripe_session_id, submitted_at, expires_at, created_at, updated_at)
         select attempt_id, user_id, product_id, 'paid', subtotal_in_cents, paid_in_cents, discount_name, country,
                percent, jsonb_build_object('name', p.name, 'description', p.description, 'image_url', p.image_url),
                session, bought, bought + interval '1 day', bought - interval '3 minutes', bought
           from jsonb_to_recordset($1)
                  as sale (attempt_id uuid, user_id uuid, product_id uuid, subtotal_in_cents integer,
                           paid_in_cents integer, discount_name text, country text, percent integer, session text,
                           minutes_ago integer)
           join users u on u.id = user_id
           join products p on p.id = product_id,
                lateral (select $2::timestamptz - make_interval(mins => minutes_ago) as bought) era
          where attempt_id is not null
         on conflict do nothing",
        &rows,
        now,
    )
    .execute(&mut *db)
    .await?;
    // In order, so that receipts are numbered as they were written.
    sqlx::query!(
        "insert into purchases
           (id, subtotal_in_cents, price_paid_in_cents, discount_name, product_details, user_id, product_id, attempt_id,
            stripe_session_id, stripe_payment_intent_id, refunded_at, created_at, updated_at)
         select sale.id, subtotal_in_cents, paid_in_cents, discount_name,
                jsonb_build_object('name', p.name, 'description', p.description, 'image_url', p.image_url),
                user_id, product_id, attempt_id, session, intent, refunded, bought, coalesce(refunded, bought)
           from jsonb_to_recordset($1)
                  as sale (id uuid, attempt_id uuid, user_id uuid, product_id uuid, subtotal_in_cents integer,
                           paid_in_cents integer, discount_name text, session text, intent text, minutes_ago integer,
                           refunded_minutes_ago integer)
           join users u on u.id = user_id
           join products p on p.id = product_id,
                lateral (select $2::timestamptz - make_interval(mins => minutes_ago) as bought,
                                $2::timestamptz - make_interval(mins => refunded_minutes_ago) as refunded) era
          order by bought
         on conflict do nothing",
        &rows,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn write_refunds(db: &mut PgConnection, now: DateTime<Utc>, sales: &[Sale]) -> anyhow::Result<()> {
    let rows: Vec<RefundRow> = sales
        .iter()
        .filter_map(|sale| {
            let (number, refund) = (number(sale), sale.refund?);
            Some(RefundRow {
                id: id(Kind::Refund, number),
                purchase_id: id(Kind::Purchase, number),
                amount_in_cents: refund.amount_in_cents,
                reason: refund.reason,
                stripe_refund_id: format!("re_demo_{number:04}"),
                minutes_ago: refund.minutes_ago,
            })
        })
        .collect();
    sqlx::query!(
        "insert into refunds
           (id, purchase_id, amount_in_cents, state, reason, stripe_payment_intent_id, stripe_refund_id,
            created_at, updated_at)
         select refund.id, purchase_id, amount_in_cents, 'succeeded', reason, p.stripe_payment_intent_id,
                stripe_refund_id, happened, happened
           from jsonb_to_recordset($1)
                  as refund (id uuid, purchase_id uuid, amount_in_cents integer, reason text, stripe_refund_id text,
                             minutes_ago integer)
           join purchases p on p.id = purchase_id,
                lateral (select $2::timestamptz - make_interval(mins => minutes_ago) as happened) era
         on conflict do nothing",
        to_value(rows)?,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Completed lessons: a course's visible ones from the first on, evenly between the purchase and now, at most three
/// days apart.
pub async fn write_progress(db: &mut PgConnection, now: DateTime<Utc>, sales: &[Sale]) -> anyhow::Result<()> {
    let progress = |sale: &Sale| {
        let (user_id, minutes_ago) = (student_id(sale.student), sale.minutes_ago);
        let courses = PRODUCTS[sale.product].courses.iter().zip(sale.finished.clone());
        courses
            .map(move |(&course, finished)| ProgressRow {
                user_id,
                course_id: course_id(course),
                finished,
                minutes_ago,
            })
            .collect::<Vec<_>>()
    };
    let rows: Vec<ProgressRow> = sales.iter().flat_map(progress).collect();
    sqlx::query!(
        r#"insert into user_lesson_complete (user_id, lesson_id, created_at, updated_at)
           select u.id, lesson.id, happened, happened
             from jsonb_to_recordset($1)
                    as progress (user_id uuid, course_id uuid, finished integer, minutes_ago integer)
             join users u on u.id = user_id
             join lateral (
               select l.id, row_number() over (order by l.section_order, l."order")::integer as place
                 from curriculum_lessons l
                where l.course_id = progress.course_id and l.is_published
             ) lesson on lesson.place <= finished,
                  lateral (select $2::timestamptz - make_interval(
                    mins => minutes_ago - least(minutes_ago / (finished + 1), 4000) * lesson.place) as happened) era
           on conflict do nothing"#,
        to_value(rows)?,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
