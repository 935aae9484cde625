//! Fulfilment: what a verified word from Stripe changes here. One transaction for all of it.
//!
//! Everything that is told about one payment is taken in one after the other (`hold_payment`), so that what comes before its purchase
//! is found by it. Then the order of locks is the attempt, the purchase, its refunds and disputes, its buyer.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

pub use crate::{
    payments::outcome::Outcome,
    stripe::objects::{SessionEvent, SessionFacts, StripeObject},
};
use crate::{
    payments::{
        AttemptState, SaleNoteKind,
        attempt_queries::{self, LockedAttempt},
        dispute_events, ledger_queries as ledger,
        notifications::{self, PaymentNotification},
        refund_events,
        state_machine::StateMachine,
    },
    stripe::objects,
};

/// An event of Stripe's.
#[derive(Debug)]
pub struct Event<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub occurred_at: DateTime<Utc>,
    pub payload: &'a serde_json::Value,
    /// `None` for events that we only keep.
    pub about: Option<StripeObject>,
}

/// Takes in an event, once: the first delivery does everything, every other finds it done.
///
/// # Errors
/// The database's; then nothing is changed and Stripe sends the event again.
pub async fn process_event(db: &PgPool, event: &Event<'_>) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    let known = event.about.is_none().then_some(&Outcome::UNHANDLED_TYPE);
    let payment = event.about.as_ref().and_then(StripeObject::payment_intent);
    if !attempt_queries::insert_event(&mut *tx, event.id, event.kind, event.occurred_at, event.payload, known, payment)
        .await?
    {
        return Ok(Outcome::Repeated);
    }
    let outcome = match &event.about {
        None => Outcome::UNHANDLED_TYPE,
        Some(about) => {
            let outcome = apply_with_deferred(&mut tx, about).await?;
            attempt_queries::set_event_outcome(&mut *tx, event.id, &outcome).await?;
            outcome
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Takes in what Stripe says when it is asked: as an event would, and without one.
///
/// # Errors
/// The database's; then nothing is changed.
pub async fn apply_without_event(db: &PgPool, about: &StripeObject) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    if let Some(payment) = about.payment_intent() {
        attempt_queries::hold_payment(&mut *tx, payment).await?;
    }
    let outcome = apply_with_deferred(&mut tx, about).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Applies what is said, and what waited for it: a refund that failed makes room for another that was told before.
async fn apply_with_deferred(tx: &mut PgConnection, about: &StripeObject) -> sqlx::Result<Outcome> {
    let outcome = apply(&mut *tx, about).await?;
    if outcome.changes() && matches!(about, StripeObject::Refund(_) | StripeObject::Charge(_)) {
        replay_deferred_events(tx, about.payment_intent()).await?;
    }
    Ok(outcome)
}

/// Applies what is said. Saying it again, or in another order, changes nothing more.
async fn apply(tx: &mut PgConnection, about: &StripeObject) -> sqlx::Result<Outcome> {
    match about {
        StripeObject::Session(word, session) => fulfil(tx, *word, session).await,
        StripeObject::Refund(refund) => refund_events::refund(tx, refund).await,
        StripeObject::Charge(charge) => refund_events::charge(tx, charge).await,
        StripeObject::Dispute(dispute) => dispute_events::apply(tx, dispute).await,
        StripeObject::Unreadable => Ok(Outcome::UNREADABLE),
    }
}

async fn fulfil(tx: &mut PgConnection, word: SessionEvent, session: &SessionFacts) -> sqlx::Result<Outcome> {
    let Some(id) = session.attempt else { return Ok(Outcome::NOT_OURS) };
    let Some(attempt) = attempt_queries::lock_attempt(&mut *tx, id).await? else { return Ok(Outcome::NOT_OURS) };
    if attempt.session.as_ref().is_some_and(|known| *known != session.id) {
        return Ok(Outcome::MISMATCH);
    }
    match word {
        SessionEvent::Completed if session.paid => grant(tx, &attempt, session).await,
        SessionEvent::Completed if matches!(attempt.state, AttemptState::Paid | AttemptState::Free) => {
            Ok(Outcome::ALREADY_GRANTED)
        }
        // It was through before, or the bank has said no since.
        SessionEvent::Completed if attempt.submitted || attempt.state == AttemptState::Failed => Ok(Outcome::NO_CHANGE),
        SessionEvent::Completed => {
            attempt_queries::set_submitted(tx, attempt.id).await?;
            Ok(Outcome::PAYMENT_PENDING)
        }
        SessionEvent::PaymentFailed => close(tx, &attempt, AttemptState::Failed, Outcome::PAYMENT_FAILED).await,
        SessionEvent::Expired => close(tx, &attempt, AttemptState::Expired, Outcome::CHECKOUT_EXPIRED).await,
    }
}

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

async fn grant(tx: &mut PgConnection, attempt: &LockedAttempt, session: &SessionFacts) -> sqlx::Result<Outcome> {
    if session.amount_total != i64::from(attempt.amount) || session.currency != "usd" {
        return Ok(Outcome::MISMATCH);
    }
    let intent = session.payment_intent.as_deref();
    // What is paid already was granted or is to go back: its row says which.
    let before = matches!(attempt.state, AttemptState::Paid | AttemptState::Free);
    if !before {
        // No line below gives access: triggers on `purchases` do (`purchases_copy_product_courses`, `rebuild_course_access`).
        let purchase = attempt_queries::insert_purchase(&mut *tx, attempt, Some(&session.id), intent).await?;
        attempt_queries::set_state(&mut *tx, attempt.id, AttemptState::Paid).await?;
        if let Some(purchase) = purchase {
            for kind in notes(attempt) {
                ledger::insert_note(&mut *tx, purchase, kind).await?;
            }
            notifications::enqueue(tx, PaymentNotification::Purchased { purchase }).await?;
            replay_deferred_events(tx, intent).await?;
            return Ok(Outcome::ACCESS_GRANTED);
        }
    }
    if attempt_queries::has_purchase(&mut *tx, attempt.id).await? {
        return Ok(Outcome::ALREADY_GRANTED);
    }
    let Some(payment_intent) = intent else { return Ok(Outcome::ALREADY_GRANTED) };
    let (reason, refund) = attempt_queries::insert_return(&mut *tx, attempt, payment_intent).await?;
    if refund.is_some() {
        replay_deferred_events(tx, intent).await?;
    }
    Ok(Outcome::UnusablePayment { reason, refund, payment_intent: payment_intent.to_owned() })
}

/// What the timeline notes of a payment that was not expected any more.
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

/// What was told about a payment before it was known here, in the order it happened; and again, while one makes room for another.
async fn replay_deferred_events(tx: &mut PgConnection, intent: Option<&str>) -> sqlx::Result<()> {
    let Some(intent) = intent else { return Ok(()) };
    let mut changes = true;
    while changes {
        changes = false;
        for early in ledger::list_early(&mut *tx, intent).await? {
            if let Ok(Some(about)) = objects::read(&early.kind, &early.object) {
                let outcome = Box::pin(apply(tx, &about)).await?;
                attempt_queries::set_event_outcome(&mut *tx, &early.id, &outcome).await?;
                changes |= outcome.changes();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{AttemptId, ProductId, UserId},
        payments::UnusablePaymentReason,
        tests::fixtures,
    };
    use uuid::Uuid;

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

        async fn apply(&self, id: &str, word: SessionEvent, session: SessionFacts) -> Outcome {
            apply(self.db.clone(), id.to_owned(), word, session).await
        }

        /// Purchases, courses that the student has, and the attempt's state.
        async fn end(&self) -> (i64, usize, AttemptState) {
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

    async fn apply(db: PgPool, id: String, word: SessionEvent, session: SessionFacts) -> Outcome {
        let payload = serde_json::json!({});
        let occurred_at = DateTime::UNIX_EPOCH;
        let event = Event {
            id: &id,
            kind: "test",
            occurred_at,
            payload: &payload,
            about: Some(StripeObject::Session(word, session)),
        };
        process_event(&db, &event).await.unwrap()
    }

    /// Whether a payment was found unusable for this reason, and its refund was stored just now.
    fn is_unusable(outcome: &Outcome, expected: UnusablePaymentReason, stored: bool) -> bool {
        matches!(outcome, Outcome::UnusablePayment { reason, refund, .. } if *reason == expected && refund.is_some() == stored)
    }

    #[sqlx::test]
    async fn a_paid_session_is_one_purchase_and_opens_its_courses(db: PgPool) {
        let shop = Shop::open(db).await;
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, shop.session()).await, Outcome::Repeated);
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_payment_of_an_account_that_is_gone_goes_back(db: PgPool) {
        let shop = Shop::open(db).await;
        crate::users::queries::anonymize(&shop.db, shop.student, "deleted").await.unwrap();
        assert_eq!(shop.end().await, (0, 0, AttemptState::Expired), "what was not paid is given up");
        let outcome = shop.apply("evt_1", SessionEvent::Completed, shop.session()).await;
        let reason = UnusablePaymentReason::AccountDeleted;
        assert!(is_unusable(&outcome, reason, true), "{outcome:?}");
        let again = shop.apply("evt_2", SessionEvent::Completed, shop.session()).await;
        assert!(is_unusable(&again, reason, false), "{again:?}");
        assert_eq!(shop.end().await, (0, 0, AttemptState::Paid));
        let back = sqlx::query!(
            r#"select amount_in_cents as "amount: i32", unusable_reason as "reason: UnusablePaymentReason", original_purchase_id
                 from refunds"#
        );
        let back = back.fetch_one(&shop.db).await.unwrap();
        assert_eq!((back.amount, back.reason, back.original_purchase_id), (6000, Some(reason), None));
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
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn unpaid_is_no_purchase_until_the_bank_pays(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, unpaid).await, Outcome::PAYMENT_PENDING);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Open));
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn order_does_not_matter(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, unpaid.clone()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.apply("evt_3", SessionEvent::Expired, unpaid.clone()).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.apply("evt_4", SessionEvent::PaymentFailed, unpaid).await, Outcome::ALREADY_GRANTED);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_late_payment_is_honoured(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Expired, unpaid).await, Outcome::CHECKOUT_EXPIRED);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Expired));
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, shop.session()).await, Outcome::ACCESS_GRANTED);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_payment_that_does_not_fit_grants_nothing(db: PgPool) {
        let shop = Shop::open(db).await;
        let session = shop.session();
        let cheap = SessionFacts { amount_total: 1, ..session.clone() };
        let foreign = SessionFacts { currency: "inr".into(), ..session.clone() };
        let stranger = SessionFacts { attempt: Some(Uuid::new_v4().into()), ..session.clone() };
        let nobody = SessionFacts { attempt: None, ..session.clone() };
        assert_eq!(shop.apply("evt_1", SessionEvent::Completed, cheap).await, Outcome::MISMATCH);
        assert_eq!(shop.apply("evt_2", SessionEvent::Completed, foreign).await, Outcome::MISMATCH);
        assert_eq!(shop.apply("evt_3", SessionEvent::Completed, stranger).await, Outcome::NOT_OURS);
        assert_eq!(shop.apply("evt_4", SessionEvent::Completed, nobody).await, Outcome::NOT_OURS);
        attempt_queries::set_session(&shop.db, shop.attempt, "cs_known", "https://example.com").await.unwrap();
        assert_eq!(shop.apply("evt_5", SessionEvent::Completed, session).await, Outcome::MISMATCH);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Open));
    }

    #[sqlx::test]
    async fn a_second_payment_for_what_is_owned_is_to_go_back(db: PgPool) {
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
        let again = shop.apply("evt_3", SessionEvent::Completed, session).await;
        assert!(is_unusable(&again, UnusablePaymentReason::Duplicate, false), "one refund only: {again:?}");
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }
}
