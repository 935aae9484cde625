//! What is asked of the database when Stripe tells of money that went back, or is disputed.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{AttemptId, PurchaseId},
    money::Cents,
    payments::{
        SaleNoteKind, UnusablePaymentReason,
        unmatched::{MismatchedEvent, UnmatchedPayment},
    },
    stripe::{
        objects::{DisputeFacts, RefundFacts},
        states::{DisputeState, RefundState},
    },
};

/// A purchase that money moves on.
pub struct Paid {
    pub id: PurchaseId,
    pub number: i64,
    pub product: String,
    pub email: String,
    pub paid: Cents,
    pub refunded: Cents,
    pub refunding: Cents,
}

impl Paid {
    /// What has not gone back, and is not on its way.
    pub fn left(&self) -> Cents {
        self.paid - self.refunded - self.refunding
    }

    /// For a sentence.
    pub fn named(&self) -> String {
        format!("“{}” by {} (receipt {})", self.product, self.email, self.number)
    }
}

/// The purchase of a payment, held until the transaction ends.
pub async fn lock_paid(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Option<Paid>> {
    let row = sqlx::query!(
        r#"select p.id, p.receipt_number, p.product_details ->> 'name' as "product!", u.email, p.price_paid_in_cents,
                  p.refunded_in_cents, p.refunding_in_cents
             from purchases p join users u on u.id = p.user_id
            where p.stripe_payment_intent_id = $1 for no key update of p"#,
        payment_intent,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Paid {
        id: row.id.into(),
        number: row.receipt_number,
        product: row.product,
        email: row.email,
        paid: row.price_paid_in_cents.into(),
        refunded: row.refunded_in_cents.into(),
        refunding: row.refunding_in_cents.into(),
    }))
}

/// A payment that cannot become a purchase.
#[derive(Clone, Copy)]
pub struct UnusablePayment {
    pub attempt: AttemptId,
    pub reason: UnusablePaymentReason,
    /// The purchase that it duplicates.
    pub original_purchase_id: Option<PurchaseId>,
}

/// The payment, where a refund of it was stored.
pub async fn find_returned(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Option<UnusablePayment>> {
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

/// Our row of a refund: by Stripe's id, else by the id that we gave along, where nobody has told us Stripe's yet. It is held until the
/// transaction ends.
pub async fn lock_by_stripe_id(
    db: impl PgExecutor<'_>,
    stripe_id: &str,
    ours: Option<Uuid>,
    payment_intent: &str,
) -> sqlx::Result<Option<(Uuid, RefundState)>> {
    let row = sqlx::query!(
        r#"select id, state as "state: RefundState" from refunds
            where stripe_refund_id = $1
               or (id = $2 and stripe_refund_id is null and state = 'pending' and stripe_payment_intent_id = $3)
            order by stripe_refund_id is null limit 1 for update"#,
        stripe_id,
        ours,
        payment_intent,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

/// The refund of an unusable payment that we have not sent, when somebody else sent just that.
pub async fn lock_unsent_return(
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

/// Stores the intent to send back what is left of an unusable payment, after Stripe refused to send it whole. Returns the refund's id and
/// why the payment is unusable. `None` when nothing is left, when it is under way, or when it was tried often enough. `part`: only when a
/// part of it has gone back.
pub async fn insert_remainder(
    db: impl PgExecutor<'_>,
    payment_intent: &str,
    part: bool,
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
        part,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.reason)))
}

/// What belongs to a refund that was made at Stripe.
pub enum Of {
    Purchase(PurchaseId),
    Unusable(UnusablePayment),
}

/// Writes down a refund that somebody made at Stripe, as of when it was made.
pub async fn insert_told(db: impl PgExecutor<'_>, of: &Of, facts: &RefundFacts, cents: i32) -> sqlx::Result<Uuid> {
    let (purchase, unusable) = match of {
        Of::Purchase(purchase) => (Some(*purchase), None),
        Of::Unusable(unusable) => (None, Some(*unusable)),
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
        facts.at,
    )
    .fetch_one(db)
    .await
}

/// Gives up what we meant to send and Stripe has not taken, because the money went elsewhere meanwhile. Says how much that was.
pub async fn cancel_unsent(db: impl PgExecutor<'_>, purchase: PurchaseId, why: &str) -> sqlx::Result<Cents> {
    let given_up = sqlx::query_scalar!(
        "update refunds set state = 'failed', failure = $2
          where purchase_id = $1 and state = 'pending' and stripe_refund_id is null returning amount_in_cents",
        purchase.uuid(),
        why,
    )
    .fetch_all(db)
    .await?;
    Ok(given_up.into_iter().fold(Cents::ZERO, |sum, cents| Cents(sum.0 + i64::from(cents))))
}

/// Reduces a chargeback by what was refunded separately, since the bank withdraws a payment only once. Returns the reduction.
pub async fn reduce_chargeback(db: impl PgExecutor<'_>, purchase: PurchaseId, cents: i32) -> sqlx::Result<Cents> {
    let taken = sqlx::query_scalar!(
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
    Ok(taken.unwrap_or_default().into())
}

/// How much of a payment went back, or is on its way, by what Stripe has told.
pub async fn sum_told(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Cents> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(amount_in_cents), 0)::bigint as "sum!" from refunds
            where stripe_payment_intent_id = $1 and state in ('pending', 'succeeded') and stripe_refund_id is not null"#,
        payment_intent,
    )
    .fetch_one(db)
    .await
    .map(Cents)
}

/// Recomputes a purchase's status from its refunds and disputes: paused, ended, or live. `back`: money that had gone came back. Returns
/// whether it has ended. A trigger on `purchases` gives or ends access (`rebuild_course_access`).
pub async fn recompute_status(db: impl PgExecutor<'_>, purchase: PurchaseId, back: bool) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select recompute_purchase_status($1, $2) as "ended!""#, purchase.uuid(), back)
        .fetch_one(db)
        .await
}

/// A dispute as we know it, held until the transaction ends.
pub async fn lock_dispute(db: impl PgExecutor<'_>, stripe_id: &str) -> sqlx::Result<Option<(Uuid, DisputeState)>> {
    let row = sqlx::query!(
        r#"select id, state as "state: DisputeState" from disputes where stripe_dispute_id = $1 for update"#,
        stripe_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

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
        facts.at,
    )
    .fetch_one(db)
    .await
}

/// Moves a dispute on to what was decided.
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

/// Records the chargeback of a lost dispute.
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

/// Notes something for a sale's timeline.
pub async fn insert_note(db: impl PgExecutor<'_>, purchase: PurchaseId, kind: SaleNoteKind) -> sqlx::Result<()> {
    sqlx::query!("insert into sale_notes (purchase_id, kind) values ($1, $2)", purchase.uuid(), kind as SaleNoteKind)
        .execute(db)
        .await
        .map(drop)
}

/// A deferred event.
pub struct Early {
    pub id: String,
    pub kind: String,
    pub object: Value,
}

/// What was told about a payment before it was known here, in the order it happened.
pub async fn list_early(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Vec<Early>> {
    sqlx::query_as!(
        Early,
        r#"select id, type as kind, payload #> '{data,object}' as "object!" from stripe_events
            where payload #>> '{data,object,payment_intent}' = $1 and status = 'deferred'
            order by occurred_at, created_at, id"#,
        payment_intent,
    )
    .fetch_all(db)
    .await
}

/// Payments of which more went back than we know of: the events that said so, oldest first.
pub async fn list_unread(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select id, payload #>> '{data,object,payment_intent}' as "payment_intent!" from stripe_events
            where status = 'refunds_to_fetch' order by created_at limit 100"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.payment_intent)).collect())
}

/// The refunds of a payment were read: its events have nothing more to say.
pub async fn set_read(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update stripe_events set status = 'processed', detail = 'refunds_fetched'
          where payload #>> '{data,object,payment_intent}' = $1 and status = 'refunds_to_fetch'",
        payment_intent,
    )
    .execute(db)
    .await
    .map(drop)
}

/// How far Stripe's list of a kind was read.
pub async fn find_mark(db: impl PgExecutor<'_>, kind: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("select read_until from reconcile_cursors where kind = $1", kind).fetch_optional(db).await
}

/// A cursor only moves forward.
pub async fn set_mark(db: impl PgExecutor<'_>, kind: &str, read_until: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into reconcile_cursors as m (kind, read_until) values ($1, $2)
         on conflict (kind) do update set read_until = greatest(m.read_until, excluded.read_until)",
        kind,
        read_until,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Sessions of checkouts that began before a time and may still be paid: their bank takes longer than Stripe's list is read. After two
/// months nothing comes any more.
pub async fn list_waiting_sessions(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select stripe_session_id as "session!" from checkout_attempts
            where stripe_session_id is not null and (state = 'open' or state = 'expired' and submitted_at is not null)
              and created_at < $1 and created_at > now() - interval '60 days'
            order by created_at desc limit 500"#,
        before,
    )
    .fetch_all(db)
    .await
}

/// Stripe's ids of disputes that are open and began before a time.
pub async fn list_open_disputes(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select d.stripe_dispute_id from purchases p join disputes d on d.purchase_id = p.id
          where p.paused_at is not null and d.state = 'open' and d.opened_at < $1 order by d.opened_at limit 500",
        before,
    )
    .fetch_all(db)
    .await
}

/// Money that was paid and is no purchase, newest first; one more than `limit` when there are more.
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

/// Payments that did not fit their checkout, so that nothing was granted: the latest.
pub async fn list_misfits(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<MismatchedEvent>> {
    sqlx::query_as!(
        MismatchedEvent,
        r#"select occurred_at as at, type as kind, coalesce(payload #>> '{data,object,id}', id) as "object!"
             from stripe_events where status = 'rejected' and detail = 'mismatch' order by occurred_at desc, id desc limit 50"#
    )
    .fetch_all(db)
    .await
}
