//! Fulfilment: what a verified word from Stripe changes here. One transaction for all of it.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    AttemptId, AttemptState,
    queries::{self, LockedAttempt},
};

/// What Stripe says about a Checkout Session, from a signed event or from a read with our own key.
/// <https://docs.stripe.com/api/checkout/sessions/object>
#[derive(Clone, Debug)]
pub struct SessionFacts {
    pub id: String,
    /// `client_reference_id`.
    pub attempt: Option<AttemptId>,
    /// `paid` or `no_payment_required`; nothing else is money.
    pub paid: bool,
    /// In the currency's smallest unit.
    pub amount_total: i64,
    pub currency: String,
    pub payment_intent: Option<String>,
}

/// What happened to a session, by the event's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Completed,
    PaymentFailed,
    Expired,
}

/// An event that changes something here.
#[derive(Debug)]
pub struct Event<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub occurred_at: OffsetDateTime,
    pub payload: &'a serde_json::Value,
    /// `None` for events that we only keep.
    pub about: Option<(Word, SessionFacts)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This event came before.
    Repeated,
    /// Of a kind that changes nothing.
    Kept,
    Granted,
    /// The session was granted before, by another event.
    GrantedBefore,
    /// The buyer owned the product: this payment goes back.
    OwnedBefore {
        refund: Option<Uuid>,
        payment_intent: String,
    },
    Waiting,
    Failed,
    Expired,
    /// Not a checkout of ours.
    Stranger,
    /// Amount, currency or session are not those of the attempt. Nothing is granted.
    Mismatch,
}

impl Outcome {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Kept => "kept",
            Self::Granted => "granted",
            Self::GrantedBefore => "granted before",
            Self::OwnedBefore { .. } => "owned before",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Stranger => "not ours",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Takes in an event, once: the first delivery does everything, every other finds it done.
///
/// # Errors
/// The database's; then nothing is changed and Stripe sends the event again.
pub async fn take_in(db: &PgPool, event: &Event<'_>) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    if !queries::insert_event(&mut *tx, event.id, event.kind, event.occurred_at, event.payload).await? {
        return Ok(Outcome::Repeated);
    }
    let outcome = match &event.about {
        None => Outcome::Kept,
        Some((word, session)) => fulfil(&mut tx, *word, session).await?,
    };
    queries::set_event_outcome(&mut *tx, event.id, outcome.word()).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Applies what is said about a session. Saying it again, or in another order, changes nothing more.
async fn fulfil(tx: &mut PgConnection, word: Word, session: &SessionFacts) -> sqlx::Result<Outcome> {
    let Some(id) = session.attempt else { return Ok(Outcome::Stranger) };
    let Some(attempt) = queries::lock_attempt(&mut *tx, id).await? else { return Ok(Outcome::Stranger) };
    if attempt.session.as_ref().is_some_and(|known| *known != session.id) {
        return Ok(Outcome::Mismatch);
    }
    match word {
        Word::Completed if session.paid => grant(tx, &attempt, session).await,
        Word::Completed => {
            queries::set_submitted(tx, attempt.id).await?;
            Ok(Outcome::Waiting)
        }
        Word::PaymentFailed => close(tx, attempt.id, AttemptState::Failed, Outcome::Failed).await,
        Word::Expired => close(tx, attempt.id, AttemptState::Expired, Outcome::Expired).await,
    }
}

async fn close(tx: &mut PgConnection, id: AttemptId, state: AttemptState, outcome: Outcome) -> sqlx::Result<Outcome> {
    let changed = queries::set_state(tx, id, state).await?;
    Ok(if changed { outcome } else { Outcome::GrantedBefore })
}

async fn grant(tx: &mut PgConnection, attempt: &LockedAttempt, session: &SessionFacts) -> sqlx::Result<Outcome> {
    if session.amount_total != i64::from(attempt.amount) || session.currency != "usd" {
        return Ok(Outcome::Mismatch);
    }
    let intent = session.payment_intent.as_deref();
    let purchase = queries::insert_purchase(&mut *tx, attempt, Some(&session.id), intent).await?;
    queries::set_state(&mut *tx, attempt.id, AttemptState::Paid).await?;
    if purchase.is_some() {
        return Ok(Outcome::Granted);
    }
    if queries::has_purchase(&mut *tx, attempt.id).await? {
        return Ok(Outcome::GrantedBefore);
    }
    let Some(payment_intent) = intent else { return Ok(Outcome::GrantedBefore) };
    let refund = queries::insert_return(&mut *tx, attempt, payment_intent).await?;
    Ok(Outcome::OwnedBefore { refund, payment_intent: payment_intent.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{products::ProductId, server::testing, users::UserId};

    struct Shop {
        db: PgPool,
        student: UserId,
        product: ProductId,
        attempt: AttemptId,
    }

    impl Shop {
        async fn open(db: PgPool) -> Self {
            let student = testing::student(&db, "student").await;
            let course = testing::course(&db, "Course").await;
            let product = testing::product(&db, "product", 60, &[course]).await;
            let attempt = testing::attempt(&db, student, product, 6000).await;
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

        async fn hear(&self, id: &str, word: Word, session: SessionFacts) -> Outcome {
            hear(self.db.clone(), id.to_owned(), word, session).await
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
            (purchases.unwrap(), testing::access(&self.db, self.student).await.len(), state.unwrap())
        }
    }

    async fn hear(db: PgPool, id: String, word: Word, session: SessionFacts) -> Outcome {
        let payload = serde_json::json!({});
        let occurred_at = OffsetDateTime::UNIX_EPOCH;
        let event = Event { id: &id, kind: "test", occurred_at, payload: &payload, about: Some((word, session)) };
        take_in(&db, &event).await.unwrap()
    }

    #[sqlx::test]
    async fn a_paid_session_is_one_purchase_and_opens_its_courses(db: PgPool) {
        let shop = Shop::open(db).await;
        assert_eq!(shop.hear("evt_1", Word::Completed, shop.session()).await, Outcome::Granted);
        assert_eq!(shop.hear("evt_1", Word::Completed, shop.session()).await, Outcome::Repeated);
        assert_eq!(shop.hear("evt_2", Word::Completed, shop.session()).await, Outcome::GrantedBefore);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn twenty_deliveries_at_once_are_one_purchase(db: PgPool) {
        let shop = Shop::open(db).await;
        // Ten of the same event, ten of others about the same session.
        let deliveries = (0..20).map(|n| {
            let id = format!("evt_{}", if n < 10 { 0 } else { n });
            tokio::spawn(hear(shop.db.clone(), id, Word::Completed, shop.session()))
        });
        let outcomes = futures::future::join_all(deliveries.collect::<Vec<_>>()).await;
        let granted = outcomes.into_iter().filter(|o| o.as_ref().is_ok_and(|o| *o == Outcome::Granted)).count();
        assert_eq!(granted, 1);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn unpaid_is_no_purchase_until_the_bank_pays(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.hear("evt_1", Word::Completed, unpaid).await, Outcome::Waiting);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Open));
        assert_eq!(shop.hear("evt_2", Word::Completed, shop.session()).await, Outcome::Granted);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn order_does_not_matter(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.hear("evt_2", Word::Completed, shop.session()).await, Outcome::Granted);
        assert_eq!(shop.hear("evt_1", Word::Completed, unpaid.clone()).await, Outcome::Waiting);
        assert_eq!(shop.hear("evt_3", Word::Expired, unpaid.clone()).await, Outcome::GrantedBefore);
        assert_eq!(shop.hear("evt_4", Word::PaymentFailed, unpaid).await, Outcome::GrantedBefore);
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }

    #[sqlx::test]
    async fn a_late_payment_is_honoured(db: PgPool) {
        let shop = Shop::open(db).await;
        let unpaid = SessionFacts { paid: false, ..shop.session() };
        assert_eq!(shop.hear("evt_1", Word::Expired, unpaid).await, Outcome::Expired);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Expired));
        assert_eq!(shop.hear("evt_2", Word::Completed, shop.session()).await, Outcome::Granted);
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
        assert_eq!(shop.hear("evt_1", Word::Completed, cheap).await, Outcome::Mismatch);
        assert_eq!(shop.hear("evt_2", Word::Completed, foreign).await, Outcome::Mismatch);
        assert_eq!(shop.hear("evt_3", Word::Completed, stranger).await, Outcome::Stranger);
        assert_eq!(shop.hear("evt_4", Word::Completed, nobody).await, Outcome::Stranger);
        queries::set_session(&shop.db, shop.attempt, "cs_known", "https://example.com").await.unwrap();
        assert_eq!(shop.hear("evt_5", Word::Completed, session).await, Outcome::Mismatch);
        assert_eq!(shop.end().await, (0, 0, AttemptState::Open));
    }

    #[sqlx::test]
    async fn a_second_payment_for_what_is_owned_is_to_go_back(db: PgPool) {
        let shop = Shop::open(db).await;
        shop.hear("evt_1", Word::Completed, shop.session()).await;
        let second = testing::attempt(&shop.db, shop.student, shop.product, 5000).await;
        let session = SessionFacts {
            id: "cs_2".into(),
            attempt: Some(second),
            amount_total: 5000,
            payment_intent: Some("pi_2".into()),
            ..shop.session()
        };
        let outcome = shop.hear("evt_2", Word::Completed, session.clone()).await;
        assert!(matches!(outcome, Outcome::OwnedBefore { refund: Some(_), .. }), "{outcome:?}");
        let again = shop.hear("evt_3", Word::Completed, session).await;
        assert!(matches!(again, Outcome::OwnedBefore { refund: None, .. }), "one refund only: {again:?}");
        assert_eq!(shop.end().await, (1, 1, AttemptState::Paid));
    }
}
