//! Statements that read the purchases of a user.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{PgExecutor, types::Json};

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    payments::{ProductDetails, RefundOrigin},
    purchases::{PurchaseRow, Receipt, RefundRow},
};

/// Lists a user's purchases, newest first; one more than `limit` when there are more.
pub async fn list_of_user(
    db: impl PgExecutor<'_>,
    user: UserId,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<PurchaseRow>> {
    sqlx::query_as!(
        PurchaseRow,
        r#"select p.id, p.product_details ->> 'name' as "name!", p.price_paid_in_cents as paid, p.refunded_at,
                  p.paused_at is not null as "paused!", p.created_at as bought_at,
                  (select coalesce(sum(r.amount_in_cents), 0)::int from refunds r
                    where r.purchase_id = p.id and r.state = 'succeeded') as "refunded!"
             from purchases p
            where p.user_id = $1
            order by p.created_at desc, p.id
            limit $2::bigint + 1 offset $3"#,
        user.uuid(),
        limit,
        offset,
    )
    .fetch_all(db)
    .await
}

/// A refund as the statement aggregates it into JSON.
#[derive(Debug, Deserialize)]
struct Refunded {
    amount: i64,
    origin: RefundOrigin,
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
}

/// Finds the payment intent of this user's purchase.
pub async fn find_payment_intent(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    user: UserId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select stripe_payment_intent_id as "intent!" from purchases
            where id = $1 and user_id = $2 and stripe_payment_intent_id is not null"#,
        purchase.uuid(),
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Finds a receipt of this user.
pub async fn find_receipt(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    user: UserId,
) -> sqlx::Result<Option<Receipt>> {
    let row = sqlx::query!(
        r#"select p.id, p.receipt_number, coalesce(nullif(s.seller_name, ''), s.name) as "seller!", s.seller_address, u.name as buyer_name, u.email as buyer_email,
                  p.product_details as "product: Json<ProductDetails>", p.subtotal_in_cents, p.price_paid_in_cents,
                  p.discount_name, p.created_at, p.refunded_at, p.paused_at is not null as "paused!",
                  p.stripe_payment_intent_id is not null as "at_stripe!",
                  exists (select from disputes d where d.purchase_id = p.id and d.state = 'lost') as "lost!",
                  (select coalesce(json_agg(json_build_object('amount', r.amount_in_cents, 'origin', r.origin,
                            'at', floor(extract(epoch from r.created_at))::bigint) order by r.created_at), '[]')
                     from refunds r where r.purchase_id = p.id and r.state = 'succeeded') as "refunds!: Json<Vec<Refunded>>"
             from purchases p join users u on u.id = p.user_id cross join school s
            where p.id = $1 and p.user_id = $2"#,
        purchase.uuid(),
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Receipt {
        id: row.id.into(),
        number: row.receipt_number,
        seller: row.seller,
        seller_address: row.seller_address,
        buyer_name: row.buyer_name,
        buyer_email: row.buyer_email,
        product: row.product.0,
        subtotal: row.subtotal_in_cents.into(),
        paid: row.price_paid_in_cents.into(),
        discount_name: row.discount_name,
        refunds: row
            .refunds
            .0
            .into_iter()
            .map(|r| RefundRow { amount: Cents(r.amount), origin: r.origin, at: r.at })
            .collect(),
        bought_at: row.created_at,
        refunded_at: row.refunded_at,
        paused: row.paused,
        lost: row.lost,
        at_stripe: row.at_stripe,
    }))
}
