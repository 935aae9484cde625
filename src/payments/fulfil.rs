//! Applies events and objects of Stripe: one transaction per event, idempotent, in any order.
//!
//! Events of one payment are serialized by an advisory lock (`lock_payment`), so that a purchase finds the events that arrived before
//! it. After that lock, rows are locked in the order attempt, purchase, its refunds and disputes, buyer.

use sqlx::{PgConnection, PgPool};

use crate::{
    payments::{
        AttemptState, SaleNoteKind,
        attempt_queries::{self, LockedAttempt},
        dispute_events, event_queries,
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        purchase_queries, refund_events,
        state_machine::StateMachine,
        unusable_payment_queries,
    },
    stripe::{
        event::Event,
        objects::{self, SessionEvent, SessionFacts, StripeObject},
    },
};

/// Processes an event once: the first delivery applies it, every other finds it recorded.
///
/// # Errors
/// The database's; then nothing is changed and Stripe delivers the event again.
pub async fn process_event(db: &PgPool, event: &Event) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    let known = event.object.is_none().then_some(&Outcome::UNHANDLED_TYPE);
    let payment_intent = event.object.as_ref().and_then(StripeObject::payment_intent);
    if !event_queries::insert_event(&mut *tx, event, known, payment_intent).await? {
        return Ok(Outcome::Repeated);
    }
    let outcome = match &event.object {
        None => Outcome::UNHANDLED_TYPE,
        Some(object) => {
            let outcome = apply_with_deferred(&mut tx, object).await?;
            event_queries::set_event_outcome(&mut *tx, &event.id, &outcome).await?;
            outcome
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Applies an object from an API response as an event would, without an event.
///
/// # Errors
/// The database's; then nothing is changed.
pub async fn apply_without_event(db: &PgPool, object: &StripeObject) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    if let Some(payment_intent) = object.payment_intent() {
        event_queries::lock_payment(&mut *tx, payment_intent).await?;
    }
    let outcome = apply_with_deferred(&mut tx, object).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Applies an object, then the events that waited for it: a refund that failed makes room for another one that was deferred.
async fn apply_with_deferred(tx: &mut PgConnection, object: &StripeObject) -> sqlx::Result<Outcome> {
    let outcome = apply(&mut *tx, object).await?;
    if outcome.changes() && matches!(object, StripeObject::Refund(_) | StripeObject::Charge(_)) {
        replay_deferred_events(tx, object.payment_intent()).await?;
    }
    Ok(outcome)
}

/// Applies an object. Applying it again, or in another order, changes nothing more.
async fn apply(tx: &mut PgConnection, object: &StripeObject) -> sqlx::Result<Outcome> {
    match object {
        StripeObject::Session(event, session) => apply_session(tx, *event, session).await,
        StripeObject::Refund(refund) => refund_events::refund(tx, refund).await,
        StripeObject::Charge(charge) => refund_events::charge(tx, charge).await,
        StripeObject::Dispute(dispute) => dispute_events::apply(tx, dispute).await,
        StripeObject::Unreadable => Ok(Outcome::UNREADABLE),
    }
}

async fn apply_session(tx: &mut PgConnection, event: SessionEvent, session: &SessionFacts) -> sqlx::Result<Outcome> {
    let Some(id) = session.attempt else { return Ok(Outcome::NOT_OURS) };
    let Some(attempt) = attempt_queries::lock_attempt(&mut *tx, id).await? else { return Ok(Outcome::NOT_OURS) };
    if attempt.session.as_ref().is_some_and(|known| *known != session.id) {
        return Ok(Outcome::MISMATCH);
    }
    match event {
        SessionEvent::Completed if session.paid => grant(tx, &attempt, session).await,
        SessionEvent::Completed if matches!(attempt.state, AttemptState::Paid | AttemptState::Free) => {
            Ok(Outcome::ALREADY_GRANTED)
        }
        // The buyer submitted it before, or the bank has declined since.
        SessionEvent::Completed if attempt.submitted || attempt.state == AttemptState::Failed => Ok(Outcome::NO_CHANGE),
        SessionEvent::Completed => {
            attempt_queries::set_submitted(tx, attempt.id).await?;
            Ok(Outcome::PAYMENT_PENDING)
        }
        SessionEvent::PaymentFailed => close(tx, &attempt, AttemptState::Failed, Outcome::PAYMENT_FAILED).await,
        SessionEvent::Expired => close(tx, &attempt, AttemptState::Expired, Outcome::CHECKOUT_EXPIRED).await,
    }
}

/// Closes an attempt that failed or expired.
async fn close(
    tx: &mut PgConnection,
    attempt: &LockedAttempt,
    state: AttemptState,
    outcome: Outcome,
) -> sqlx::Result<Outcome> {
    if !attempt.state.can_transition_to(state) {
        let granted = matches!(attempt.state, AttemptState::Paid | AttemptState::Free);
        return Ok(if granted { Outcome::ALREADY_GRANTED } else { Outcome::NO_CHANGE });
    }
    attempt_queries::set_state(&mut *tx, attempt.id, state).await?;
    if state == AttemptState::Failed {
        notifications::enqueue(tx, PaymentNotification::PaymentFailed { attempt: attempt.id }).await?;
    }
    Ok(outcome)
}

/// Turns a paid session into a purchase, or stores the intent to refund a payment that cannot become one.
async fn grant(tx: &mut PgConnection, attempt: &LockedAttempt, session: &SessionFacts) -> sqlx::Result<Outcome> {
    if session.amount_total != i64::from(attempt.amount) || session.currency != "usd" {
        return Ok(Outcome::MISMATCH);
    }
    let payment_intent = session.payment_intent.as_deref();
    // A paid attempt has a purchase already, or a refund: its rows say which.
    let paid_before = matches!(attempt.state, AttemptState::Paid | AttemptState::Free);
    if !paid_before {
        let purchase = purchase_queries::insert_purchase(&mut *tx, attempt, Some(&session.id), payment_intent).await?;
        // No line below gives access: triggers on `purchases` have done so (`purchases_copy_product_courses`, `rebuild_course_access`).
        attempt_queries::set_state(&mut *tx, attempt.id, AttemptState::Paid).await?;
        if let Some(purchase) = purchase {
            for kind in notes(attempt) {
                purchase_queries::insert_note(&mut *tx, purchase, kind).await?;
            }
            notifications::enqueue(tx, PaymentNotification::Purchased { purchase }).await?;
            replay_deferred_events(tx, payment_intent).await?;
            return Ok(Outcome::ACCESS_GRANTED);
        }
    }
    if purchase_queries::has_purchase(&mut *tx, attempt.id).await? {
        return Ok(Outcome::ALREADY_GRANTED);
    }
    let Some(payment_intent) = payment_intent else { return Ok(Outcome::ALREADY_GRANTED) };
    let (reason, refund) = unusable_payment_queries::insert_unusable_refund(&mut *tx, attempt, payment_intent).await?;
    if refund.is_some() {
        replay_deferred_events(tx, Some(payment_intent)).await?;
    }
    Ok(Outcome::UnusablePayment { reason, refund, payment_intent: payment_intent.to_owned() })
}

/// Returns the notes for the sale's timeline, of a payment that was not expected any more.
fn notes(attempt: &LockedAttempt) -> Vec<SaleNoteKind> {
    let mut notes = Vec::new();
    match attempt.state {
        AttemptState::Expired => notes.push(SaleNoteKind::PaidAfterExpiry),
        AttemptState::Failed => notes.push(SaleNoteKind::PaidAfterFailure),
        AttemptState::Open | AttemptState::Paid | AttemptState::Free => {}
    }
    if attempt.private {
        notes.push(SaleNoteKind::ProductWasPrivate);
    }
    notes
}

/// Applies the deferred events of a payment in the order in which they happened; repeatedly, while one makes room for another.
async fn replay_deferred_events(tx: &mut PgConnection, payment_intent: Option<&str>) -> sqlx::Result<()> {
    let Some(payment_intent) = payment_intent else { return Ok(()) };
    let mut changes = true;
    while changes {
        changes = false;
        for event in event_queries::list_deferred_events(&mut *tx, payment_intent).await? {
            if let Ok(Some(object)) = objects::parse_event_object(&event.kind, &event.object) {
                let outcome = Box::pin(apply(tx, &object)).await?;
                event_queries::set_event_outcome(&mut *tx, &event.id, &outcome).await?;
                changes |= outcome.changes();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        id::{AttemptId, ProductId, UserId},
        payments::UnusablePaymentReason,
        tests::fixtures,
    };

    struct Shop {
        db: PgPool,
        student: UserId,
        product: ProductId,
        attempt: AttemptId,
    }

    impl Shop {
        async fn open(db: PgPool) -> Self {
            let student = fixtures::student(&db, "student").await;
            let course = fixtures::course(&db, "Course").await;
            let product = fixtures::product(&db, "product", 60, &[course]).await;
            let attempt = fixtures::attempt(&db, student, product, 6000).await;
            Self { db, student, product, attempt }
        }

        fn session(&self) -> SessionFacts {
            SessionFacts {
                id: "cs_1".into(),
                attempt: Some(self.attempt),
                paid: true,
                amount_total: 6000,
                currency: "usd".into(),
                payment_intent: Some("pi_1".into()),
            }
        }

        async fn apply(&self, id: &str, event: SessionEvent, session: SessionFacts) -> Outcome {
            apply(self.db.clone(), id.to_owned(), event, session).await
        }

        /// The number of purchases, the number of courses that the student has access to, and the attempt's state.
        async fn result(&self) -> (i64, usize, AttemptState) {
            let purchases = sqlx::query_scalar!(r#"select count(*) as "n!" from purchases"#).fetch_one(&self.db).await;
            let state = sqlx::query_scalar!(
                r#"select state as "state: AttemptState" from checkout_attempts where id = $1"#,
                self.attempt.uuid()
            )
            .fetch_one(&self.db)
            .await;
            (purchases.unwrap(), fixtures::access(&self.db, self.student).await.len(), state.unwrap())
        }
    }

    async fn apply(db: PgPool, id: String, event: SessionEvent, session: SessionFacts) -> Outcome {
        let event = Event {
            id,
            kind: "test".into(),
            occurred_at: DateTime::UNIX_EPOCH,
            payload: json!({}),
            object: Some(StripeObject::Session(event, session)),
        };
        process_event(&db, &event).await.unwrap()
    }

    /// Whether a payment was unusable for this reason, and whether its refund was stored just now.
    fn is_unusable(outcome: &Outcome, expected: UnusablePaymentReason, stored: bool) -> bool {
        matches!(outcome, Outcome::UnusablePayment { reason, refund, .. } if *reason == expected && refund.is_some() == stored)
    }

    #[sqlx::test]
    async fn a_paid_session_is_one_purchase_and_gives_access(db: PgPool) {
        let shop = Shop::open(db).await;
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, shop.session()).await, Outcome::Repeated);
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_payment_for_a_deleted_account_is_refunded(db: PgPool) {
        let shop = Shop::open(db).await;
        crate::users::queries::anonymize(&shop.db, shop.student, "deleted").await.unwrap();
        assert_eq!(shop.result().await, (0, 0, AttemptState::Expired), "an open attempt expires with the account");
        let outcome = shop.apply("evt_1", SessionEvent::Completed, shop.session()).await;
        let reason = UnusablePaymentReason::AccountDeleted;
        assert!(is_unusable(&outcome, reason, true), "{outcome:?}");
        let repeated = shop.apply("evt_2", SessionEvent::Completed, shop.session()).await;
        assert!(is_unusable(&repeated, reason, false), "{repeated:?}");
        assert_eq!(shop.result().await, (0, 0, AttemptState::Paid));
        let refund = sqlx::query!(
            r#"select amount_in_cents as "amount: i32", unusable_reason as "reason: UnusablePaymentReason", original_purchase_id
                 from refunds"#
        );
        let refund = refund.fetch_one(&shop.db).await.unwrap();
        assert_eq!((refund.amount, refund.reason, refund.original_purchase_id), (6000, Some(reason), None));
    }

    #[sqlx::test]
    async fn twenty_deliveries_at_once_are_one_purchase(db: PgPool) {
        let shop = Shop::open(db).await;
        // Ten of the same event, ten of others about the same session.
        let deliveries = (0..20).map(|n| {
            let id = format!("evt_{}", if n < 10 { 0 } else { n });
            tokio::spawn(apply(shop.db.clone(), id, SessionEvent::Completed, shop.session()))
        });
        let outcomes = futures::future::join_all(deliveries.collect::<Vec<_>>()).await;
        let granted = outcomes.into_iter().filter(|o| o.as_ref().is_ok_and(|o| *o == Outcome::ACCESS_GRANTED)).count();
        assert_eq!(granted, 1);
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn an_unpaid_session_is_no_purchase_until_the_bank_pays(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, unpaid).await, Outcome::PAYMENT_PENDING);
        assert_eq!(shop.result().await, (0, 0, AttemptState::Open));
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn clerk_events_in_any_order_end_alike(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, unpaid.clone()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.apply("evt_3", SessionEvent::Expired, unpaid.clone()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.apply("evt_4", SessionEvent::PaymentFailed, unpaid).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_late_payment_is_accepted(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Expired, unpaid).await, Outcome::CHECKOUT_EXPIRED);
        assert_eq!(shop.result().await, (0, 0, AttemptState::Expired));
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_payment_that_does_not_match_its_checkout_grants_nothing(db: PgPool) {
        let shop = Shop::open(db).await;
        let session = shop.session();
        let cheap = SessionFacts { amount_total: 1, ..session.clone() };
        let foreign = SessionFacts { currency: "inr".into(), ..session.clone() };
        let unknown = SessionFacts { attempt: Some(Uuid::new_v4().into()), ..session.clone() };
        let without_attempt = SessionFacts { attempt: None, ..session.clone() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, cheap).await, Outcome::MISMATCH);
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, foreign).await, Outcome::MISMATCH);
        assert_eq!(shop.apply("evt_3", SessionEvent::Completed, unknown).await, Outcome::NOT_OURS);
        assert_eq!(shop.apply("evt_4", SessionEvent::Completed, without_attempt).await, Outcome::NOT_OURS);
        attempt_queries::set_session(&shop.db, shop.attempt, "cs_known", "https://example.com").await.unwrap();
        assert_eq!(shop.apply("evt_5", SessionEvent::Completed, session).await, Outcome::MISMATCH);
        assert_eq!(shop.result().await, (0, 0, AttemptState::Open));
    }

    #[sqlx::test]
    async fn a_second_payment_for_an_owned_product_is_refunded(db: PgPool) {
        let shop = Shop::open(db).await;
        shop.apply("evt_1", SessionEvent::Completed, shop.session()).await;
        let second = fixtures::attempt(&shop.db, shop.student, shop.product, 5000).await;
        let session = SessionFacts {
            id: "cs_2".into(),
            attempt: Some(second),
            amount_total: 5000,
            payment_intent: Some("pi_2".into()),
            ..shop.session()
        };
        let outcome = shop.apply("evt_2", SessionEvent::Completed, session.clone()).await;
        assert!(is_unusable(&outcome, UnusablePaymentReason::Duplicate, true), "{outcome:?}");
        let repeated = shop.apply("evt_3", SessionEvent::Completed, session).await;
        assert!(is_unusable(&repeated, UnusablePaymentReason::Duplicate, false), "one refund only: {repeated:?}");
        assert_eq!(shop.result().await, (1, 1, AttemptState::Paid));
    }
}
