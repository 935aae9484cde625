//! Paying: what the buttons of the payment page and of the dashboard do to a session.
//!
//! The statuses follow <https://docs.stripe.com/payments/checkout/fulfill-orders>: a card is paid at once, a delayed method
//! completes the session `unpaid` and settles or fails later.

use crate::sandbox::{
    error::{ApiError, Result},
    model::checkout_session::{Customer, PaymentStatus, Status},
    model::payment::{Charge, ChargeStatus, IntentStatus, Method, PaymentIntent},
    model::test_card::Card,
    store::{Data, new_id},
};

impl Data {
    /// Pays an open session. The events are the charge's, the intent's and the session's, in that order; then the dispute's,
    /// when the card is one that is disputed.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open: it is never paid twice.
    pub fn pay(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        let disputed = customer.card.disputed_as();
        let session = self.open_session(id, customer)?;
        session.status = Status::Complete;
        if session.amount == 0 {
            return self.announce_session(id, "checkout.session.completed", now, None);
        }
        session.payment_status = PaymentStatus::Paid;
        let charge = self.charge(id, Method::Card, ChargeStatus::Succeeded, now)?;
        self.succeed(id, &charge, now)?;
        tracing::info!(session = id, "Session {id} is paid.");
        self.announce_session(id, "checkout.session.completed", now, None)?;
        disputed.map_or(Ok(()), |reason| self.dispute(&charge, reason, now).map(drop))
    }

    /// Declines an attempt to pay; the session stays open.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn decline(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        self.open_session(id, customer)?;
        self.with_something_to_pay(id)?;
        let charge = self.charge(id, Method::Card, ChargeStatus::Failed, now)?;
        self.refuse_payment(id, &charge, ("card_declined", "Your card was declined."), now)
    }

    /// Completes a session with a method that settles later.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn pay_later(&mut self, id: &str, customer: Customer, now: i64) -> Result<()> {
        self.with_something_to_pay(id)?;
        self.open_session(id, customer)?.status = Status::Complete;
        let charge = self.charge(id, Method::Bank, ChargeStatus::Pending, now)?;
        let object = self.charges.get(&charge, "charge")?.json();
        self.announce("charge.pending", object, id, now, None);
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
        let charge = self.payment_under_way(id)?;
        self.sessions.get_mut(id, "session")?.payment_status = PaymentStatus::Paid;
        self.succeed(id, &charge, now)?;
        self.announce_session(id, "checkout.session.async_payment_succeeded", now, None)
    }

    /// Lets a delayed payment fail.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when no payment is under way.
    pub fn fail(&mut self, id: &str, now: i64) -> Result<()> {
        let charge = self.payment_under_way(id)?;
        self.refuse_payment(id, &charge, ("payment_intent_payment_attempt_failed", "The payment failed."), now)?;
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

    /// The charge that a bank has not answered.
    fn payment_under_way(&self, id: &str) -> Result<String> {
        let session = self.sessions.get(id, "session")?;
        let intent = session.payment_intent.as_ref().and_then(|intent| self.intents.find(intent));
        let charge = intent.filter(|intent| intent.status == IntentStatus::Processing);
        let charge = charge.and_then(|intent| intent.latest_charge.clone());
        charge.ok_or_else(|| ApiError::invalid("No payment is under way for this session."))
    }

    fn with_something_to_pay(&self, id: &str) -> Result<()> {
        let free = self.sessions.get(id, "session")?.amount == 0;
        if free { Err(ApiError::invalid("There is nothing to pay for this session.")) } else { Ok(()) }
    }

    fn open_session(
        &mut self,
        id: &str,
        customer: Customer,
    ) -> Result<&mut crate::sandbox::model::checkout_session::Session> {
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

    /// Asks for the money of a session, and gives the charge's id.
    fn charge(&mut self, id: &str, method: Method, status: ChargeStatus, now: i64) -> Result<String> {
        let session = self.sessions.get(id, "session")?;
        let customer = session.customer.clone().unwrap_or_default();
        let page = session.page.rsplit_once("/pay/").map(|(url, _)| url.to_owned());
        let intent = self.intent_of(id, now)?;
        let charge = new_id("ch_");
        intent.latest_charge = Some(charge.clone());
        let made = Charge {
            receipt_url: page.map(|url| format!("{url}/receipts/{charge}")),
            id: charge.clone(),
            created: now,
            amount: intent.amount,
            amount_refunded: 0,
            currency: intent.currency.clone(),
            payment_intent: intent.id.clone(),
            description: intent.description.clone(),
            receipt_email: intent.receipt_email.clone(),
            metadata: intent.metadata.clone(),
            course: customer.card.course(),
            customer,
            status,
            method,
            failure: None,
            dispute: None,
        };
        self.charges.insert(made);
        Ok(charge)
    }

    fn succeed(&mut self, id: &str, charge: &str, now: i64) -> Result<()> {
        let charge = self.charges.get_mut(charge, "charge")?;
        charge.status = ChargeStatus::Succeeded;
        let charge = charge.json();
        let intent = self.intent_of(id, now)?;
        intent.status = IntentStatus::Succeeded;
        intent.failure = None;
        let object = intent.json();
        self.announce("charge.succeeded", charge, id, now, None);
        self.announce("payment_intent.succeeded", object, id, now, None);
        Ok(())
    }

    fn refuse_payment(&mut self, id: &str, charge: &str, (code, message): (&str, &str), now: i64) -> Result<()> {
        let failure = Some((code.to_owned(), message.to_owned()));
        let charge = self.charges.get_mut(charge, "charge")?;
        charge.status = ChargeStatus::Failed;
        charge.failure.clone_from(&failure);
        let charge = charge.json();
        let intent = self.intent_of(id, now)?;
        intent.status = IntentStatus::RequiresPaymentMethod;
        intent.failure = failure;
        let object = intent.json();
        tracing::info!(session = id, code, "A payment of session {id} failed.");
        self.announce("charge.failed", charge, id, now, None);
        self.announce("payment_intent.payment_failed", object, id, now, None);
        Ok(())
    }
}

impl Default for Customer {
    fn default() -> Self {
        Self { email: "buyer@example.com".to_owned(), country: "US".to_owned(), card: Card::Plain }
    }
}
