//! What is asked of the database when money goes back.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    payments::UnusablePaymentReason,
    stripe::states::RefundState,
};

/// What a refund has to know of a purchase.
pub struct Locked {
    pub number: i64,
    pub product: String,
    pub email: String,
    pub paid: Cents,
    pub refunded: Cents,
    /// On its way back.
    pub refunding: Cents,
    pub refunded_at: Option<DateTime<Utc>>,
    /// Whether a bank took the money back, so that there is none to send.
    pub lost: bool,
    pub payment_intent: Option<String>,
}

/// The purchase, held until the transaction ends. Whoever refunds takes it first, before its refunds and its buyer.
pub async fn lock_purchase(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<Locked>> {
    let row = sqlx::query!(
        r#"select p.receipt_number, p.product_details ->> 'name' as "product!", u.email, p.price_paid_in_cents,
                  p.refunded_in_cents, p.refunding_in_cents, p.refunded_at, p.stripe_payment_intent_id,
                  exists (select from disputes d where d.purchase_id = p.id and d.state = 'lost') as "lost!"
             from purchases p join users u on u.id = p.user_id where p.id = $1 for no key update of p"#,
        purchase.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Locked {
        number: row.receipt_number,
        product: row.product,
        email: row.email,
        paid: row.price_paid_in_cents.into(),
        refunded: row.refunded_in_cents.into(),
        refunding: row.refunding_in_cents.into(),
        lost: row.lost,
        refunded_at: row.refunded_at,
        payment_intent: row.stripe_payment_intent_id,
    }))
}

/// The refund that is under way: the one of ours, of which there is one at most, else one that was made at Stripe.
pub async fn find_pending(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<(Uuid, Cents)>> {
    let row = sqlx::query!(
        "select id, amount_in_cents from refunds where purchase_id = $1 and state = 'pending'
          order by origin = 'admin' desc, created_at limit 1",
        purchase.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.amount_in_cents.into())))
}

/// Stores the intent to send money back. Fails on `refunds_pending_key` and `refunds_within_paid`.
pub async fn insert_refund(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    amount: i32,
    payment_intent: &str,
    reason: &str,
    admin: UserId,
) -> sqlx::Result<Uuid> {
    sqlx::query_scalar!(
        "insert into refunds (purchase_id, amount_in_cents, stripe_payment_intent_id, reason, requested_by)
         values ($1, $2, $3, $4, $5) returning id",
        purchase.uuid(),
        amount,
        payment_intent,
        reason,
        admin.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Ends a purchase: its access goes with it.
pub async fn end_purchase(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<()> {
    sqlx::query!("update purchases set refunded_at = now() where id = $1 and refunded_at is null", purchase.uuid())
        .execute(db)
        .await
        .map(drop)
}

/// A refund as it is sent.
pub struct Due {
    pub id: Uuid,
    /// Empty when the payment never became a purchase; `unusable` says why.
    pub purchase: Option<PurchaseId>,
    pub unusable: Option<UnusablePaymentReason>,
    pub amount: Cents,
    pub payment_intent: String,
    pub stripe_id: Option<String>,
    pub state: RefundState,
    pub created_at: DateTime<Utc>,
}

pub async fn find_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<Option<Due>> {
    let row = sqlx::query!(
        r#"select id, purchase_id, unusable_reason as "unusable: UnusablePaymentReason", amount_in_cents, coalesce(stripe_payment_intent_id, '') as "payment_intent!",
                  stripe_refund_id, state as "state: RefundState", created_at
             from refunds where id = $1"#,
        refund,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Due {
        id: row.id,
        purchase: row.purchase_id.map(PurchaseId::from),
        unusable: row.unusable,
        amount: row.amount_in_cents.into(),
        payment_intent: row.payment_intent,
        stripe_id: row.stripe_refund_id,
        state: row.state,
        created_at: row.created_at,
    }))
}

/// How a refund stands, and why it failed where it did; held until the transaction ends.
pub async fn lock_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<(RefundState, String)> {
    sqlx::query!(r#"select state as "state: RefundState", failure from refunds where id = $1 for update"#, refund)
        .fetch_one(db)
        .await
        .map(|row| (row.state, row.failure))
}

/// Writes what Stripe said. `failure` says why not, where it failed.
pub async fn set_refund(
    db: impl PgExecutor<'_>,
    refund: Uuid,
    state: RefundState,
    stripe_id: Option<&str>,
    failure: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update refunds set state = $2, stripe_refund_id = coalesce($3, stripe_refund_id), failure = $4 where id = $1",
        refund,
        state as RefundState,
        stripe_id,
        failure,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Remembers what Stripe calls a refund of ours.
pub async fn name_refund(db: impl PgExecutor<'_>, refund: Uuid, stripe_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update refunds set stripe_refund_id = $2 where id = $1 and stripe_refund_id is null",
        refund,
        stripe_id
    )
    .execute(db)
    .await
    .map(drop)
}

/// Remembers that a refund was tried just now.
pub async fn touch_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update refunds set updated_at = now() where id = $1 and state = 'pending'", refund)
        .execute(db)
        .await
        .map(drop)
}

/// Refunds that nobody has tried for a minute; for an hour where Stripe has taken them and takes its time.
pub async fn list_due(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from refunds
          where state = 'pending' and stripe_payment_intent_id is not null
            and updated_at < now() - case when stripe_refund_id is null then interval '1 minute' else interval '1 hour' end
          order by updated_at limit 50"
    )
    .fetch_all(db)
    .await
}
