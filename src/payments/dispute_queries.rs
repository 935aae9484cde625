//! Statements on `disputes`, and on the chargebacks of lost ones, which are rows of `refunds`.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::PurchaseId,
    money::Cents,
    stripe::{objects::DisputeFacts, states::DisputeState},
};

/// Locks a dispute until the end of the transaction, by Stripe's id.
pub async fn lock_dispute(db: impl PgExecutor<'_>, stripe_id: &str) -> sqlx::Result<Option<(Uuid, DisputeState)>> {
    let row = sqlx::query!(
        r#"select id, state as "state: DisputeState" from disputes where stripe_dispute_id = $1 for update"#,
        stripe_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

/// Stores a new dispute.
pub async fn insert_dispute(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    facts: &DisputeFacts,
    cents: i32,
) -> sqlx::Result<Uuid> {
    sqlx::query_scalar!(
        "insert into disputes (purchase_id, stripe_dispute_id, amount_in_cents, reason, status, state, opened_at, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, case when $6 <> 'open'::dispute_state then now() end) returning id",
        purchase.uuid(),
        facts.id,
        cents,
        facts.reason,
        facts.status,
        facts.state as DisputeState,
        facts.created_at,
    )
    .fetch_one(db)
    .await
}

/// Stores how a dispute was decided.
pub async fn decide_dispute(db: impl PgExecutor<'_>, dispute: Uuid, facts: &DisputeFacts) -> sqlx::Result<()> {
    sqlx::query!(
        "update disputes set state = $2, status = $3, closed_at = coalesce(closed_at, now()) where id = $1",
        dispute,
        facts.state as DisputeState,
        facts.status,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Stores the chargeback of a lost dispute.
pub async fn insert_chargeback(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    dispute: Uuid,
    cents: i32,
    payment_intent: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into refunds (purchase_id, amount_in_cents, state, origin, dispute_id, stripe_payment_intent_id)
         values ($1, $2, 'succeeded', 'dispute', $3, $4)",
        purchase.uuid(),
        cents,
        dispute,
        payment_intent,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Reverses a dispute's chargeback: the bank returned the money.
pub async fn reverse_chargeback(db: impl PgExecutor<'_>, dispute: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update refunds set state = 'reversed' where dispute_id = $1 and state = 'succeeded'", dispute)
        .execute(db)
        .await
        .map(drop)
}

/// Reduces a chargeback by what was refunded separately, since the bank withdraws a payment only once. Returns the reduction.
pub async fn reduce_chargeback(db: impl PgExecutor<'_>, purchase: PurchaseId, cents: i32) -> sqlx::Result<Cents> {
    let reduction = sqlx::query_scalar!(
        r#"with taken as (
             select id, amount_in_cents as before from refunds
              where purchase_id = $1 and origin = 'dispute' and state = 'succeeded' order by created_at limit 1 for update)
           update refunds r set state = case when t.before > $2 then r.state else 'reversed' end,
                                amount_in_cents = case when t.before > $2 then t.before - $2 else t.before end
             from taken t where r.id = t.id returning least(t.before, $2) as "freed!""#,
        purchase.uuid(),
        cents,
    )
    .fetch_optional(db)
    .await?;
    Ok(reduction.unwrap_or_default().into())
}
