//! Statements that read what mails about payments contain.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{AttemptId, PurchaseId, UserId},
    money::Cents,
    payments::UnusablePaymentReason,
};

/// The fields of a purchase that mails contain.
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
    /// The sum of its refunds so far.
    pub refunded: Cents,
    pub ended: bool,
    pub paused: bool,
    pub at: DateTime<Utc>,
}

/// Returns a purchase and its buyer.
pub async fn read_sale(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<SaleFacts> {
    sqlx::query_as!(
        SaleFacts,
        r#"select p.id as purchase, p.user_id as user, u.name as buyer, u.email, p.receipt_number as number,
                  p.product_details ->> 'name' as "product!", p.subtotal_in_cents as subtotal, p.price_paid_in_cents as paid,
                  p.discount_name, p.refunded_in_cents as refunded, p.refunded_at is not null as "ended!",
                  p.paused_at is not null as "paused!", p.created_at as at
             from purchases p join users u on u.id = p.user_id where p.id = $1"#,
        purchase.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Returns the amount of a refund.
pub async fn read_refund_amount(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<Cents> {
    sqlx::query_scalar!("select amount_in_cents from refunds where id = $1", refund)
        .fetch_one(db)
        .await
        .map(Cents::from)
}

/// The fields of a checkout without a purchase that mails contain.
#[derive(Clone, Debug)]
pub struct AttemptFacts {
    pub user: UserId,
    pub buyer: String,
    pub email: String,
    pub product: String,
    pub slug: String,
    /// The price, or the amount of the refund.
    pub amount: Cents,
}

/// A payment that cannot become a purchase.
#[derive(Clone, Debug)]
pub struct UnusablePaymentFacts {
    pub attempt: AttemptFacts,
    pub reason: UnusablePaymentReason,
    /// Stripe's id of the payment.
    pub payment_intent: String,
}

/// Returns the payment of a refund without a purchase.
pub async fn read_unusable_payment(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<UnusablePaymentFacts> {
    let row = sqlx::query!(
        r#"select a.user_id, u.name, u.email, a.product_details ->> 'name' as "product!", p.slug, r.amount_in_cents,
                  r.unusable_reason as "reason!: UnusablePaymentReason", r.stripe_payment_intent_id
             from refunds r join checkout_attempts a on a.id = r.attempt_id join users u on u.id = a.user_id
                  join products p on p.id = a.product_id
            where r.id = $1"#,
        refund,
    )
    .fetch_one(db)
    .await?;
    Ok(UnusablePaymentFacts {
        attempt: AttemptFacts {
            user: row.user_id.into(),
            buyer: row.name,
            email: row.email,
            product: row.product,
            slug: row.slug,
            amount: row.amount_in_cents.into(),
        },
        reason: row.reason,
        payment_intent: row.stripe_payment_intent_id.unwrap_or_default(),
    })
}

/// Returns a checkout attempt and its buyer.
pub async fn read_attempt(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<AttemptFacts> {
    sqlx::query_as!(
        AttemptFacts,
        r#"select a.user_id as user, u.name as buyer, u.email, a.product_details ->> 'name' as "product!", p.slug,
                  a.amount_in_cents as amount
             from checkout_attempts a join users u on u.id = a.user_id join products p on p.id = a.product_id
            where a.id = $1"#,
        attempt.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Returns a dispute's amount, and its reason as Stripe's identifier.
pub async fn read_dispute(db: impl PgExecutor<'_>, dispute: Uuid) -> sqlx::Result<(Cents, String)> {
    let row = sqlx::query!("select amount_in_cents, reason from disputes where id = $1", dispute).fetch_one(db).await?;
    Ok((row.amount_in_cents.into(), row.reason))
}
