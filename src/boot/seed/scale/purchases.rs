//! Inserts the purchases, refunds and progress of the school for measurements.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::boot::seed::scale::sizes::Sizes;

/// Attempts and purchases over two years; triggers give access and maintain the sums. A few products sell most. Each student buys a
/// product once. One sale of ten has the discount for purchasing power; one of twenty-five that cost something was refunded in full.
pub async fn write_sales(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"with drawn as (
             select n, (hashint8extended(n, 4) & 2147483647) % $1::integer + 1 as student,
                    luck * luck * $2::integer / 1000000 + 1 as product
               from generate_series(1, 2 * $3::integer) n, lateral (select (hashint8extended(n, 5) & 2147483647) % 1000 as luck) draw),
           once as (select distinct on (student, product) n, student, product from drawn order by student, product, n),
           chosen as (select n, student, product from once order by n limit $3::integer),
           sale as materialized (
             select chosen.n, u.id as user_id, p.id as product_id, p.price_in_dollars * 100 as subtotal,
                    p.price_in_dollars * (100 - coalesce(discount.percent, 0)) as paid, discount.percent,
                    case when p.price_in_dollars > 0 then md5('scale attempt ' || chosen.n)::uuid end as attempt_id,
                    case when p.price_in_dollars > 0 then 'cs_test_scale_' || chosen.n end as session,
                    jsonb_build_object('name', p.name, 'description', p.description, 'image_url', p.image_url, 'slug', p.slug) as details,
                    bought,
                    case when p.price_in_dollars > 0 and chosen.n % 25 = 0 then bought + ($4::timestamptz - bought) / 20 end as refunded
               from chosen
               join users u on u.id = md5('scale student ' || student)::uuid
               join products p on p.id = md5('scale product ' || product)::uuid,
                    lateral (select case when chosen.n % 10 = 3 and p.price_in_dollars > 0 then 50 end as percent) discount,
                    lateral (select floor(extract(epoch from $4::timestamptz
                                   - greatest(u.created_at, $4::timestamptz - interval '730 days')))::bigint as seconds) era,
                    lateral (select $4::timestamptz - make_interval(
                                      secs => seconds * ((hashint8extended(chosen.n, 6) & 2147483647) % 1000000) / 1000000 + 1)
                                    as bought) day),
           attempts as (
             insert into checkout_attempts
               (id, user_id, product_id, state, subtotal_in_cents, amount_in_cents, discount_name, country, discount_percent,
                product_details, stripe_session_id, submitted_at, expires_at, created_at, updated_at)
             select attempt_id, user_id, product_id, 'paid', subtotal, paid,
                    case when percent is not null then 'Purchasing power (India)' end,
                    case when percent is not null then 'IN' end, percent, details, session, bought,
                    bought + interval '1 day', bought - interval '3 minutes', bought
               from sale where attempt_id is not null)
           insert into purchases
             (id, subtotal_in_cents, price_paid_in_cents, discount_name, product_details, user_id, product_id, attempt_id,
              stripe_session_id, stripe_payment_intent_id, refunded_at, created_at, updated_at)
           select md5('scale purchase ' || n)::uuid, subtotal, paid,
                  case when percent is not null then 'Purchasing power (India)' end, details, user_id, product_id, attempt_id,
                  session, case when session is not null then 'pi_scale_' || n end, refunded, bought, coalesce(refunded, bought)
             from sale order by bought, n"#,
        sizes.students,
        sizes.products,
        sizes.purchases,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Full refunds, and partial ones of a quarter of the price for one sale in a hundred.
pub async fn write_refunds(db: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into refunds
           (id, purchase_id, amount_in_cents, state, reason, stripe_payment_intent_id, stripe_refund_id, created_at, updated_at)
         select md5('scale refund ' || number)::uuid, p.id,
                case when p.refunded_at is null then p.price_paid_in_cents / 4 else p.price_paid_in_cents end,
                'succeeded', 'requested_by_customer', p.stripe_payment_intent_id, 're_scale_' || number, happened, happened
           from purchases p,
                lateral (select substr(p.stripe_session_id, 15)::integer as number) sale,
                lateral (select p.created_at + ($1::timestamptz - p.created_at) / 20 as happened) era
          where p.stripe_session_id like 'cs\\_test\\_scale\\_%' and (p.refunded_at is not null or number % 100 = 51)
          order by happened, number",
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every eleventh purchase is being learned: from the first lesson on, evenly between the purchase and now.
pub async fn write_progress(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"with lesson as materialized (
             select course_id, id, row_number() over (partition by course_id order by section_order, "order") as place
               from curriculum_lessons where is_published),
           learner as materialized (
             select p.user_id, pc.course_id, p.created_at as bought, number % 24 + 4 as finished
               from purchases p join purchase_courses pc on pc.purchase_id = p.id,
                    lateral (select substr(p.stripe_session_id, 15)::bigint as number) sale
              where p.stripe_session_id like 'cs\_test\_scale\_%' and p.refunded_at is null and number % 11 = 0)
           insert into user_lesson_complete (user_id, lesson_id, created_at, updated_at)
           select distinct on (user_id, id) user_id, id, happened, happened
             from learner join lesson on lesson.course_id = learner.course_id and place <= finished,
                  lateral (select bought + ($2::timestamptz - bought) / (finished + 1) * place as happened) era
            order by user_id, id, happened
            limit $1
           on conflict do nothing"#,
        i64::from(sizes.completions),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
