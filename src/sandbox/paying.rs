//! Paying: what the buttons of the payment page and of the dashboard do to a session.
//!
//! The statuses follow <https://docs.stripe.com/payments/checkout/fulfill-orders>: a card is paid at once, a delayed method
//! completes the session `unpaid` and settles or fails later.

use super::{
    error::{ApiError, Result},
    payments::{Charge, IntentStatus, PaymentIntent},
    sessions::{Customer, PaymentStatus, Status},
    state::{Data, new_id},
};

impl Data {
    /// Pays an open session. The events are the charge's, the intent's and the session's, in that order.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open: it is never paid twice.
    pub fn pay(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        let session = self.open_session(id, customer)?;
        session.status = Status::Complete;
        if session.amount > 0 {
            session.payment_status = PaymentStatus::Paid;
            self.succeed(id, now)?;
        }
        tracing::info!(session = id, "Session {id} is paid.");
        self.announce_session(id, "checkout.session.completed", now, None)
    }

    /// Declines an attempt to pay; the session stays open.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn decline(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        self.open_session(id, customer)?;
        self.with_something_to_pay(id)?;
        self.refuse_payment(id, "card_declined", "Your card was declined.", now)
    }

    /// Completes a session with a method that settles later.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn pay_later(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        self.with_something_to_pay(id)?;
        self.open_session(id, customer)?.status = Status::Complete;
        let intent = self.intent_of(id, now)?;
        intent.status = IntentStatus::Processing;
        intent.failure = None;
        let (object, intent) = (intent.json(), intent.id.clone());
        self.announce("payment_intent.processing", object, id, now, None);
        tracing::info!(session = id, intent, "Session {id} is complete and will be paid later.");
        self.announce_session(id, "checkout.session.completed", now, None)
    }

    /// Lets a delayed payment arrive.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when no payment is under way.
    pub fn settle(&mut self, id: &str, now: i64) -> Result<()> {
        self.with_payment_under_way(id)?;
        self.sessions.get_mut(id, "session")?.payment_status = PaymentStatus::Paid;
        self.succeed(id, now)?;
        self.announce_session(id, "checkout.session.async_payment_succeeded", now, None)
    }

    /// Lets a delayed payment fail.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when no payment is under way.
    pub fn fail(&mut self, id: &str, now: i64) -> Result<()> {
        self.with_payment_under_way(id)?;
        self.refuse_payment(id, "payment_intent_payment_attempt_failed", "The payment failed.", now)?;
        self.announce_session(id, "checkout.session.async_payment_failed", now, None)
    }

    /// Gives up what was tried for a session that expired.
    ///
    /// # Errors
    /// 404 for an unknown intent.
    pub fn cancel_intent(&mut self, id: &str, now: i64) -> Result<()> {
        let intent = self.intents.get_mut(id, "intent")?;
        intent.status = IntentStatus::Canceled;
        intent.canceled_at = Some(now);
        let (object, session) = (intent.json(), intent.session.clone());
        self.announce("payment_intent.canceled", object, &session, now, None);
        Ok(())
    }

    /// Whether a delayed payment may still settle or fail.
    pub fn is_under_way(&self, id: &str) -> bool {
        let intent = self.sessions.find(id).and_then(|session| session.payment_intent.as_ref());
        intent
            .and_then(|intent| self.intents.find(intent))
            .is_some_and(|intent| intent.status == IntentStatus::Processing)
    }

    fn with_payment_under_way(&self, id: &str) -> Result<()> {
        self.sessions.get(id, "session")?;
        if self.is_under_way(id) { Ok(()) } else { Err(ApiError::invalid("No payment is under way for this session.")) }
    }

    fn with_something_to_pay(&self, id: &str) -> Result<()> {
        let free = self.sessions.get(id, "session")?.amount == 0;
        if free { Err(ApiError::invalid("There is nothing to pay for this session.")) } else { Ok(()) }
    }

    fn open_session(&mut self, id: &str, customer: Customer) -> Result<&mut super::sessions::Session> {
        let session = self.sessions.get_mut(id, "session")?;
        if session.status != Status::Open {
            return Err(ApiError::invalid("This Checkout Session is no longer open."));
        }
        session.customer = Some(customer);
        Ok(session)
    }

    /// The intent of a session, made at the first attempt.
    fn intent_of(&mut self, id: &str, now: i64) -> Result<&mut PaymentIntent> {
        let session = self.sessions.get_mut(id, "session")?;
        let intent = if let Some(intent) = &session.payment_intent {
            intent.clone()
        } else {
            let intent = new_id("pi_");
            let more = &session.payment_intent_data;
            self.intents.insert(PaymentIntent {
                client_secret: format!("{intent}{}", new_id("_secret_")),
                id: intent.clone(),
                created: now,
                amount: session.amount,
                currency: session.currency.clone(),
                status: IntentStatus::RequiresPaymentMethod,
                canceled_at: None,
                description: more.description.clone(),
                receipt_email: more.receipt_email.clone(),
                statement_descriptor_suffix: more.statement_descriptor_suffix.clone(),
                metadata: more.metadata.clone(),
                payment_method_types: session.payment_method_types.clone(),
                failure: None,
                latest_charge: None,
                session: id.to_owned(),
            });
            session.payment_intent = Some(intent.clone());
            intent
        };
        self.intents.get_mut(&intent, "intent")
    }

    fn succeed(&mut self, id: &str, now: i64) -> Result<()> {
        let customer = self.sessions.get(id, "session")?.customer.clone();
        let intent = self.intent_of(id, now)?;
        let charge = Charge {
            id: new_id("ch_"),
            created: now,
            amount: intent.amount,
            amount_refunded: 0,
            currency: intent.currency.clone(),
            payment_intent: intent.id.clone(),
            description: intent.description.clone(),
            receipt_email: intent.receipt_email.clone(),
            metadata: intent.metadata.clone(),
            customer: customer.unwrap_or_default(),
        };
        intent.status = IntentStatus::Succeeded;
        intent.failure = None;
        intent.latest_charge = Some(charge.id.clone());
        let object = intent.json();
        self.announce("charge.succeeded", charge.json(), id, now, None);
        self.announce("payment_intent.succeeded", object, id, now, None);
        self.charges.insert(charge);
        Ok(())
    }

    fn refuse_payment(&mut self, id: &str, code: &str, message: &str, now: i64) -> Result<()> {
        let intent = self.intent_of(id, now)?;
        intent.status = IntentStatus::RequiresPaymentMethod;
        intent.failure = Some((code.to_owned(), message.to_owned()));
        let object = intent.json();
        tracing::info!(session = id, code, "A payment of session {id} failed.");
        self.announce("payment_intent.payment_failed", object, id, now, None);
        Ok(())
    }
}

impl Default for Customer {
    fn default() -> Self {
        Self { email: "buyer@example.com".to_owned(), country: "US".to_owned() }
    }
}
