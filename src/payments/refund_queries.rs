//! Statements on `refunds`: the intent, its submission, and refunds made at Stripe.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    payments::{UnusablePaymentReason, unusable_payment_queries::UnusablePayment},
    stripe::{objects::RefundFacts, states::RefundState},
};

/// Finds the pending refund of a purchase: the one made here, of which there is one at most, else one made at Stripe.
pub async fn find_pending_refund(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<(Uuid, Cents)>> {
    let row = sqlx::query!(
        "select id, amount_in_cents from refunds where purchase_id = $1 and state = 'pending'
          order by origin = 'admin' desc, created_at limit 1",
        purchase.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.amount_in_cents.into())))
}

/// Stores the intent to refund. Fails on `refunds_pending_key` and `refunds_within_paid`.
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

/// A refund as it is submitted.
pub struct StoredRefund {
    pub id: Uuid,
    /// `None` when the payment cannot become a purchase; `unusable` says why.
    pub purchase: Option<PurchaseId>,
    pub unusable: Option<UnusablePaymentReason>,
    pub amount: Cents,
    pub payment_intent: String,
    pub stripe_id: Option<String>,
    pub state: RefundState,
    pub created_at: DateTime<Utc>,
}

pub async fn find_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<Option<StoredRefund>> {
    let row = sqlx::query!(
        r#"select id, purchase_id, unusable_reason as "unusable: UnusablePaymentReason", amount_in_cents, coalesce(stripe_payment_intent_id, '') as "payment_intent!",
                  stripe_refund_id, state as "state: RefundState", created_at
             from refunds where id = $1"#,
        refund,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StoredRefund {
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

/// Locks a refund until the end of the transaction. Returns its state, and why it failed where it did.
pub async fn lock_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<(RefundState, String)> {
    sqlx::query!(r#"select state as "state: RefundState", failure from refunds where id = $1 for update"#, refund)
        .fetch_one(db)
        .await
        .map(|row| (row.state, row.failure))
}

/// Stores the result of a refund. `failure` says why it failed, where it did.
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

/// Stores Stripe's id of a refund made here.
pub async fn set_stripe_id(db: impl PgExecutor<'_>, refund: Uuid, stripe_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update refunds set stripe_refund_id = $2 where id = $1 and stripe_refund_id is null",
        refund,
        stripe_id
    )
    .execute(db)
    .await
    .map(drop)
}

/// Records that a refund was tried just now.
pub async fn touch_refund(db: impl PgExecutor<'_>, refund: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update refunds set updated_at = now() where id = $1 and state = 'pending'", refund)
        .execute(db)
        .await
        .map(drop)
}

/// Lists the refunds that nobody has tried for a minute; for an hour where Stripe has accepted them.
pub async fn list_due_refunds(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from refunds
          where state = 'pending' and stripe_payment_intent_id is not null
            and updated_at < now() - case when stripe_refund_id is null then interval '1 minute' else interval '1 hour' end
          order by updated_at limit 50"
    )
    .fetch_all(db)
    .await
}

/// Locks a refund until the end of the transaction: by Stripe's id, else by our own id, where Stripe's is not stored yet.
pub async fn lock_by_stripe_id(
    db: impl PgExecutor<'_>,
    stripe_id: &str,
    our_id: Option<Uuid>,
    payment_intent: &str,
) -> sqlx::Result<Option<(Uuid, RefundState)>> {
    let row = sqlx::query!(
        r#"select id, state as "state: RefundState" from refunds
            where stripe_refund_id = $1
               or (id = $2 and stripe_refund_id is null and state = 'pending' and stripe_payment_intent_id = $3)
            order by stripe_refund_id is null limit 1 for update"#,
        stripe_id,
        our_id,
        payment_intent,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

/// The payment that a refund made at Stripe belongs to.
pub enum RefundedPayment {
    Purchase(PurchaseId),
    Unusable(UnusablePayment),
}

/// Stores a refund that was made at Stripe, with the time at which it was made.
pub async fn insert_external_refund(
    db: impl PgExecutor<'_>,
    payment: &RefundedPayment,
    facts: &RefundFacts,
    cents: i32,
) -> sqlx::Result<Uuid> {
    let (purchase, unusable) = match payment {
        RefundedPayment::Purchase(purchase) => (Some(*purchase), None),
        RefundedPayment::Unusable(unusable) => (None, Some(*unusable)),
    };
    sqlx::query_scalar!(
        "insert into refunds (purchase_id, attempt_id, unusable_reason, original_purchase_id, amount_in_cents, state, origin,
                              stripe_payment_intent_id, stripe_refund_id, failure, created_at)
         values ($1, $2, $3, $4, $5, $6, 'stripe', $7, $8, $9, $10) returning id",
        purchase.map(PurchaseId::uuid),
        unusable.map(|unusable| unusable.attempt.uuid()),
        unusable.map(|unusable| unusable.reason) as Option<UnusablePaymentReason>,
        unusable.and_then(|unusable| unusable.original_purchase_id).map(PurchaseId::uuid),
        cents,
        facts.state as RefundState,
        facts.payment_intent,
        facts.id,
        facts.failure,
        facts.created_at,
    )
    .fetch_one(db)
    .await
}

/// Cancels the refunds of a purchase that Stripe has not accepted, because the money was refunded or withdrawn otherwise meanwhile.
/// Returns their sum.
pub async fn cancel_unsent(db: impl PgExecutor<'_>, purchase: PurchaseId, reason: &str) -> sqlx::Result<Cents> {
    let cancelled = sqlx::query_scalar!(
        "update refunds set state = 'failed', failure = $2
          where purchase_id = $1 and state = 'pending' and stripe_refund_id is null returning amount_in_cents",
        purchase.uuid(),
        reason,
    )
    .fetch_all(db)
    .await?;
    Ok(cancelled.into_iter().fold(Cents::ZERO, |sum, cents| Cents(sum.0 + i64::from(cents))))
}

/// Sums the refunds of a payment that Stripe has confirmed, pending ones included.
pub async fn sum_confirmed(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Cents> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(amount_in_cents), 0)::bigint as "sum!" from refunds
            where stripe_payment_intent_id = $1 and state in ('pending', 'succeeded') and stripe_refund_id is not null"#,
        payment_intent,
    )
    .fetch_one(db)
    .await
    .map(Cents)
}
