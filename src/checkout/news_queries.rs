//! What letters about money need to know.

use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::AttemptId;
use crate::{money::Cents, purchases::PurchaseId, users::UserId};

/// A purchase, as letters tell of it.
#[derive(Clone, Debug)]
pub struct SaleFacts {
    pub purchase: PurchaseId,
    pub user: UserId,
    pub buyer: String,
    pub email: String,
    pub number: i64,
    pub product: String,
    pub subtotal: Cents,
    pub paid: Cents,
    pub discount_name: Option<String>,
    /// What went back so far.
    pub refunded: Cents,
    pub ended: bool,
    pub paused: bool,
    pub at: OffsetDateTime,
}

pub async fn find_sale(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<SaleFacts> {
    let row = sqlx::query!(
        r#"select p.user_id, u.name as buyer, u.email, p.receipt_number, p.product_details ->> 'name' as "product!",
                  p.subtotal_in_cents, p.price_paid_in_cents, p.discount_name, p.refunded_in_cents,
                  p.refunded_at is not null as "ended!", p.paused_at is not null as "paused!", p.created_at
             from purchases p join users u on u.id = p.user_id where p.id = $1"#,
        purchase.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(SaleFacts {
        purchase,
        user: row.user_id.into(),
        buyer: row.buyer,
        email: row.email,
        number: row.receipt_number,
        product: row.product,
        subtotal: row.subtotal_in_cents.into(),
        paid: row.price_paid_in_cents.into(),
        discount_name: row.discount_name,
        refunded: row.refunded_in_cents.into(),
        ended: row.ended,
        paused: row.paused,
        at: row.created_at,
    })
}

pub async fn find_amount(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<Cents> {
    sqlx::query_scalar!("select amount_in_cents from refunds where id = $1", refund)
        .fetch_one(db)
        .await
        .map(Cents::from)
}

/// A checkout that became no purchase.
#[derive(Clone, Debug)]
pub struct AttemptFacts {
    pub user: UserId,
    pub buyer: String,
    pub email: String,
    pub product: String,
    pub slug: String,
    /// What was to be paid, or what goes back.
    pub amount: Cents,
}

/// The payment that a refund without a purchase sends back.
pub async fn find_second_payment(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<AttemptFacts> {
    let row = sqlx::query!(
        r#"select a.user_id, u.name as buyer, u.email, a.product_details ->> 'name' as "product!", p.slug, r.amount_in_cents
             from refunds r join checkout_attempts a on a.id = r.attempt_id join users u on u.id = a.user_id
                  join products p on p.id = a.product_id
            where r.id = $1"#,
        refund,
    )
    .fetch_one(db)
    .await?;
    Ok(AttemptFacts {
        user: row.user_id.into(),
        buyer: row.buyer,
        email: row.email,
        product: row.product,
        slug: row.slug,
        amount: row.amount_in_cents.into(),
    })
}

pub async fn find_attempt(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<AttemptFacts> {
    let row = sqlx::query!(
        r#"select a.user_id, u.name as buyer, u.email, a.product_details ->> 'name' as "product!", p.slug, a.amount_in_cents
             from checkout_attempts a join users u on u.id = a.user_id join products p on p.id = a.product_id
            where a.id = $1"#,
        attempt.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(AttemptFacts {
        user: row.user_id.into(),
        buyer: row.buyer,
        email: row.email,
        product: row.product,
        slug: row.slug,
        amount: row.amount_in_cents.into(),
    })
}

/// How much is disputed, and why, in Stripe's word.
pub async fn find_dispute(db: impl PgExecutor<'_>, dispute: Uuid) -> sqlx::Result<(Cents, String)> {
    let row = sqlx::query!("select amount_in_cents, reason from disputes where id = $1", dispute).fetch_one(db).await?;
    Ok((row.amount_in_cents.into(), row.reason))
}
