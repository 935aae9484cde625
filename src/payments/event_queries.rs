//! Statements on `stripe_events`: recording events once, and the two queues of events that could not be applied yet.

use serde_json::Value;
use sqlx::PgExecutor;

use crate::{
    payments::{
        outcome::{EventStatus, Outcome},
        unmatched::MismatchedEvent,
    },
    stripe::event::Event,
};

/// The seed of the advisory locks that serialize the events of one payment.
const PAYMENT_LOCKS: i64 = 0x70_6179_6d65_6e74;

/// Locks a payment until the end of the transaction, so that its events are processed one after the other.
pub async fn lock_payment(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, $2))", payment_intent, PAYMENT_LOCKS)
        .execute(db)
        .await
        .map(drop)
}

/// Records an event, with its outcome where that is known beforehand, and locks its payment as [`lock_payment`] does. Returns false when
/// the event was recorded before. A concurrent delivery of the same event waits here for the first.
pub async fn insert_event(
    db: impl PgExecutor<'_>,
    event: &Event,
    outcome: Option<&Outcome>,
    payment_intent: Option<&str>,
) -> sqlx::Result<bool> {
    let (status, detail) = outcome.map_or((EventStatus::Received, "received"), |o| (o.status(), o.detail()));
    let result = sqlx::query!(
        "with locked as materialized (
           select pg_advisory_xact_lock(hashtextextended($7, $8)) where $7::text is not null)
         insert into stripe_events (id, type, occurred_at, payload, status, detail)
         select $1, $2, $3, $4, $5, $6 from (select count(*) from locked) l
         on conflict do nothing",
        event.id,
        event.kind,
        event.occurred_at,
        event.payload,
        status as EventStatus,
        detail,
        payment_intent,
        PAYMENT_LOCKS,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Stores the outcome of an event.
pub async fn set_event_outcome(db: impl PgExecutor<'_>, id: &str, outcome: &Outcome) -> sqlx::Result<()> {
    sqlx::query!(
        "update stripe_events set status = $2, detail = $3 where id = $1",
        id,
        outcome.status() as EventStatus,
        outcome.detail(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// An event that waits for another one of its payment.
pub struct DeferredEvent {
    pub id: String,
    pub kind: String,
    pub object: Value,
}

/// Lists the deferred events of a payment, in the order in which they happened.
pub async fn list_deferred_events(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<Vec<DeferredEvent>> {
    sqlx::query_as!(
        DeferredEvent,
        r#"select id, type as kind, payload #> '{data,object}' as "object!" from stripe_events
            where payload #>> '{data,object,payment_intent}' = $1 and status = 'deferred'
            order by occurred_at, created_at, id"#,
        payment_intent,
    )
    .fetch_all(db)
    .await
}

/// Lists the events and payments whose refunds have to be fetched, oldest first: more was refunded than is stored.
pub async fn list_refunds_to_fetch(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select id, payload #>> '{data,object,payment_intent}' as "payment_intent!" from stripe_events
            where status = 'refunds_to_fetch' order by created_at limit 100"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.payment_intent)).collect())
}

/// Marks a payment's events as processed after its refunds were fetched.
pub async fn set_refunds_fetched(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update stripe_events set status = 'processed', detail = 'refunds_fetched'
          where payload #>> '{data,object,payment_intent}' = $1 and status = 'refunds_to_fetch'",
        payment_intent,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Lists the latest payments that did not match their checkout, so that nothing was granted.
pub async fn list_mismatched_events(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<MismatchedEvent>> {
    sqlx::query_as!(
        MismatchedEvent,
        r#"select occurred_at as at, type as kind, coalesce(payload #>> '{data,object,id}', id) as "object!"
             from stripe_events where status = 'rejected' and detail = 'mismatch' order by occurred_at desc, id desc limit 50"#
    )
    .fetch_all(db)
    .await
}
