//! Statements on refunds of payments that cannot become a purchase.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{AttemptId, PurchaseId},
    payments::{UnusablePaymentReason, attempt_queries::LockedAttempt, unmatched::UnmatchedPayment},
    stripe::states::RefundState,
};

/// A payment that cannot become a purchase.
#[derive(Clone, Copy)]
pub struct UnusablePayment {
    pub attempt: AttemptId,
    pub reason: UnusablePaymentReason,
    /// The purchase that it duplicates.
    pub original_purchase_id: Option<PurchaseId>,
}

/// Stores the intent to refund a payment that cannot become a purchase, with the purchase that it duplicates. Returns the reason, and the
/// refund's id; `None` when the intent was stored before. The attempt must be locked.
pub async fn insert_unusable_refund(
    db: impl PgExecutor<'_>,
    attempt: &LockedAttempt,
    payment_intent: &str,
) -> sqlx::Result<(UnusablePaymentReason, Option<Uuid>)> {
    let row = sqlx::query!(
        r#"with stored as (
             insert into refunds (attempt_id, amount_in_cents, unusable_reason, stripe_payment_intent_id, origin, original_purchase_id)
             select $1, $2,
                    case when own.id is null and exists (select from users where id = $4 and deleted_at is not null)
                         then 'account_deleted' else 'duplicate' end::unusable_payment_reason,
                    $3, 'automatic', own.id
               from (select (select id from purchases where user_id = $4 and product_id = $5 and refunded_at is null)) own (id)
              where not exists (select from refunds where attempt_id = $1 and origin = 'automatic')
             returning id, unusable_reason)
           select id as "id?", unusable_reason as "reason!: UnusablePaymentReason" from stored
           union all
           (select null, unusable_reason from refunds where attempt_id = $1 and origin = 'automatic' order by created_at limit 1)"#,
        attempt.id.uuid(),
        attempt.amount,
        payment_intent,
        attempt.user.uuid(),
        attempt.product.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok((row.reason, row.id))
}

/// Finds an unusable payment by its payment intent: one of which a refund is stored.
pub async fn find_unusable_payment(
    db: impl PgExecutor<'_>,
    payment_intent: &str,
) -> sqlx::Result<Option<UnusablePayment>> {
    let row = sqlx::query!(
        r#"select attempt_id as "attempt!", unusable_reason as "reason!: UnusablePaymentReason", original_purchase_id from refunds
            where stripe_payment_intent_id = $1 and purchase_id is null order by created_at limit 1"#,
        payment_intent,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| UnusablePayment {
        attempt: row.attempt.into(),
        reason: row.reason,
        original_purchase_id: row.original_purchase_id.map(PurchaseId::from),
    }))
}

/// Locks the refund of an unusable payment that Stripe has not accepted yet, when the same amount was refunded in the dashboard.
pub async fn lock_unsent_refund(
    db: impl PgExecutor<'_>,
    attempt: AttemptId,
    cents: i32,
) -> sqlx::Result<Option<(Uuid, RefundState)>> {
    let row = sqlx::query!(
        r#"select id, state as "state: RefundState" from refunds
            where attempt_id = $1 and purchase_id is null and state = 'pending' and stripe_refund_id is null
              and amount_in_cents = $2 for update"#,
        attempt.uuid(),
        cents,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

/// Stores the intent to refund the rest of an unusable payment, after Stripe rejected the whole amount.
///
/// Returns the refund's id and why the payment is unusable; `None` when nothing is left, when a refund is pending, or after four tries.
/// `partial`: only when a part was refunded.
pub async fn insert_remainder(
    db: impl PgExecutor<'_>,
    payment_intent: &str,
    partial: bool,
) -> sqlx::Result<Option<(Uuid, UnusablePaymentReason)>> {
    let row = sqlx::query!(
        r#"insert into refunds (attempt_id, amount_in_cents, unusable_reason, stripe_payment_intent_id, origin, original_purchase_id)
           select a.id, a.amount_in_cents - s.gone, s.unusable_reason, $1, 'automatic', s.original_purchase_id
             from (select attempt_id,
                          coalesce(sum(amount_in_cents) filter (where state in ('pending', 'succeeded')), 0)::integer as gone,
                          count(*) filter (where origin = 'automatic') as tried,
                          (array_agg(unusable_reason order by created_at))[1] as unusable_reason,
                          (array_agg(original_purchase_id order by created_at))[1] as original_purchase_id
                     from refunds where stripe_payment_intent_id = $1 and purchase_id is null group by 1) s
             join checkout_attempts a on a.id = s.attempt_id
            where s.gone < a.amount_in_cents and s.tried between 1 and 4 and (s.gone > 0 or not $2)
           on conflict do nothing returning id, unusable_reason as "reason!: UnusablePaymentReason""#,
        payment_intent,
        partial,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.reason)))
}

/// Lists payments without a purchase, newest first; one more than `limit` when there are more.
pub async fn list_unmatched_payments(
    db: impl PgExecutor<'_>,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<UnmatchedPayment>> {
    let rows = sqlx::query!(
        r#"select r.created_at, u.id as buyer, u.email, a.product_details ->> 'name' as "product!",
                  r.amount_in_cents, r.state as "state: RefundState", r.failure, r.unusable_reason as "reason!: UnusablePaymentReason",
                  r.original_purchase_id, r.stripe_payment_intent_id
             from (select * from refunds where purchase_id is null order by created_at desc, id desc
                    limit $1::bigint + 1 offset $2) r
             join checkout_attempts a on a.id = r.attempt_id join users u on u.id = a.user_id
            order by r.created_at desc, r.id desc"#,
        limit,
        offset,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| UnmatchedPayment {
            at: row.created_at,
            buyer: row.buyer.into(),
            email: row.email,
            product: row.product,
            amount: row.amount_in_cents.into(),
            state: row.state,
            failure: row.failure,
            reason: row.reason,
            original_purchase_id: row.original_purchase_id.map(PurchaseId::from),
            payment_intent: row.stripe_payment_intent_id,
        })
        .collect())
}
