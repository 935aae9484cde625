//! Payment of a checkout session: immediate, declined, or delayed until the bank confirms it.
//!
//! The statuses follow <https://docs.stripe.com/payments/checkout/fulfill-orders>: a card is charged immediately; a delayed payment
//! method completes the session as `unpaid`, and the payment succeeds or fails later.

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    ids::new_id,
    model::{
        charge::{Charge, ChargeStatus, PaymentMethod},
        checkout_session::{CheckoutSession, PaymentStatus, SessionStatus},
        customer_details::CustomerDetails,
        payment_intent::{PaymentIntent, PaymentIntentStatus},
    },
};

impl Data {
    /// Pays an open session with a card. Records the events of the charge, the payment intent and the session in this order,
    /// then those of the dispute, if the test card opens one.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open: a session is never paid twice.
    pub fn pay(&mut self, id: &str, customer: CustomerDetails, now: i64) -> Result<()> {
        let dispute_reason = customer.card.dispute_reason();
        let session = self.set_customer(id, customer)?;
        session.status = SessionStatus::Complete;
        if session.amount == 0 {
            return self.record_session_event(id, "checkout.session.completed", now, None);
        }
        session.payment_status = PaymentStatus::Paid;
        let charge = self.create_charge(id, PaymentMethod::Card, ChargeStatus::Succeeded, now)?;
        self.succeed_charge(id, &charge, now)?;
        tracing::info!(session = id, "Session {id} was paid.");
        self.record_session_event(id, "checkout.session.completed", now, None)?;
        dispute_reason.map_or(Ok(()), |reason| self.open_dispute(&charge, reason, now).map(drop))
    }

    /// Declines a card. The session stays open for another attempt.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn decline(&mut self, id: &str, customer: CustomerDetails, now: i64) -> Result<()> {
        self.set_customer(id, customer)?;
        self.require_amount_due(id)?;
        let charge = self.create_charge(id, PaymentMethod::Card, ChargeStatus::Failed, now)?;
        self.fail_charge(id, &charge, ("card_declined", "Your card was declined."), now)
    }

    /// Completes a session with a delayed payment method, whose payment succeeds or fails later.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open or costs nothing.
    pub fn pay_later(&mut self, id: &str, customer: CustomerDetails, now: i64) -> Result<()> {
        self.require_amount_due(id)?;
        self.set_customer(id, customer)?.status = SessionStatus::Complete;
        let charge = self.create_charge(id, PaymentMethod::BankDebit, ChargeStatus::Pending, now)?;
        let object = self.charges.get(&charge, "charge")?.json();
        self.record_event("charge.pending", object, id, now, None);
        let intent = self.find_or_create_intent(id, now)?;
        intent.status = PaymentIntentStatus::Processing;
        intent.failure = None;
        let (object, intent) = (intent.json(), intent.id.clone());
        self.record_event("payment_intent.processing", object, id, now, None);
        tracing::info!(session = id, intent, "Session {id} was completed with a delayed payment.");
        self.record_session_event(id, "checkout.session.completed", now, None)
    }

    /// Confirms the delayed payment of a session.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when no payment is pending.
    pub fn succeed_delayed_payment(&mut self, id: &str, now: i64) -> Result<()> {
        let charge = self.pending_charge(id)?;
        self.sessions.get_mut(id, "session")?.payment_status = PaymentStatus::Paid;
        self.succeed_charge(id, &charge, now)?;
        self.record_session_event(id, "checkout.session.async_payment_succeeded", now, None)
    }

    /// Fails the delayed payment of a session.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when no payment is pending.
    pub fn fail_delayed_payment(&mut self, id: &str, now: i64) -> Result<()> {
        let charge = self.pending_charge(id)?;
        self.fail_charge(id, &charge, ("payment_intent_payment_attempt_failed", "The payment failed."), now)?;
        self.record_session_event(id, "checkout.session.async_payment_failed", now, None)
    }

    /// Cancels the payment intent of a session that expires.
    ///
    /// # Errors
    /// 404 for an unknown intent.
    pub fn cancel_payment_intent(&mut self, id: &str, now: i64) -> Result<()> {
        let intent = self.intents.get_mut(id, "intent")?;
        intent.status = PaymentIntentStatus::Canceled;
        intent.canceled_at = Some(now);
        let (object, session) = (intent.json(), intent.session.clone());
        self.record_event("payment_intent.canceled", object, &session, now, None);
        Ok(())
    }

    /// Whether a session's delayed payment has neither succeeded nor failed yet.
    pub fn has_pending_payment(&self, id: &str) -> bool {
        let intent = self.sessions.find(id).and_then(|session| session.payment_intent.as_ref());
        intent
            .and_then(|intent| self.intents.find(intent))
            .is_some_and(|intent| intent.status == PaymentIntentStatus::Processing)
    }

    /// Returns the id of the charge that the bank has not confirmed yet.
    fn pending_charge(&self, id: &str) -> Result<String> {
        let session = self.sessions.get(id, "session")?;
        let intent = session.payment_intent.as_ref().and_then(|intent| self.intents.find(intent));
        let charge = intent.filter(|intent| intent.status == PaymentIntentStatus::Processing);
        let charge = charge.and_then(|intent| intent.latest_charge.clone());
        charge.ok_or_else(|| ApiError::invalid("This session has no pending payment."))
    }

    fn require_amount_due(&self, id: &str) -> Result<()> {
        let is_free = self.sessions.get(id, "session")?.amount == 0;
        if is_free { Err(ApiError::invalid("This session has no amount to pay.")) } else { Ok(()) }
    }

    /// Stores the buyer's details in an open session, and returns the session.
    fn set_customer(&mut self, id: &str, customer: CustomerDetails) -> Result<&mut CheckoutSession> {
        let session = self.sessions.get_mut(id, "session")?;
        if session.status != SessionStatus::Open {
            return Err(ApiError::invalid("This Checkout Session is no longer open."));
        }
        session.customer = Some(customer);
        Ok(session)
    }

    /// Returns the payment intent of a session, which its first attempt to pay creates.
    fn find_or_create_intent(&mut self, id: &str, now: i64) -> Result<&mut PaymentIntent> {
        let session = self.sessions.get_mut(id, "session")?;
        let intent = if let Some(intent) = &session.payment_intent {
            intent.clone()
        } else {
            let intent = new_id("pi_");
            let params = &session.payment_intent_data;
            self.intents.insert(PaymentIntent {
                client_secret: format!("{intent}{}", new_id("_secret_")),
                id: intent.clone(),
                created: now,
                amount: session.amount,
                currency: session.currency.clone(),
                status: PaymentIntentStatus::RequiresPaymentMethod,
                canceled_at: None,
                description: params.description.clone(),
                receipt_email: params.receipt_email.clone(),
                statement_descriptor_suffix: params.statement_descriptor_suffix.clone(),
                metadata: params.metadata.clone(),
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

    /// Creates the charge of one attempt to pay, and returns its id.
    fn create_charge(&mut self, id: &str, method: PaymentMethod, status: ChargeStatus, now: i64) -> Result<String> {
        let session = self.sessions.get(id, "session")?;
        let customer = session.customer.clone().unwrap_or_default();
        let public_url = session.url.rsplit_once("/pay/").map(|(url, _)| url.to_owned());
        let intent = self.find_or_create_intent(id, now)?;
        let id = new_id("ch_");
        intent.latest_charge = Some(id.clone());
        let charge = Charge {
            receipt_url: public_url.map(|url| format!("{url}/receipts/{id}")),
            id: id.clone(),
            created: now,
            amount: intent.amount,
            amount_refunded: 0,
            currency: intent.currency.clone(),
            payment_intent: intent.id.clone(),
            description: intent.description.clone(),
            receipt_email: intent.receipt_email.clone(),
            metadata: intent.metadata.clone(),
            refund_behavior: customer.card.refund_behavior(),
            customer,
            status,
            method,
            failure: None,
            dispute: None,
        };
        self.charges.insert(charge);
        Ok(id)
    }

    fn succeed_charge(&mut self, id: &str, charge: &str, now: i64) -> Result<()> {
        let charge = self.charges.get_mut(charge, "charge")?;
        charge.status = ChargeStatus::Succeeded;
        let charge = charge.json();
        let intent = self.find_or_create_intent(id, now)?;
        intent.status = PaymentIntentStatus::Succeeded;
        intent.failure = None;
        let object = intent.json();
        self.record_event("charge.succeeded", charge, id, now, None);
        self.record_event("payment_intent.succeeded", object, id, now, None);
        Ok(())
    }

    fn fail_charge(&mut self, id: &str, charge: &str, (code, message): (&str, &str), now: i64) -> Result<()> {
        let failure = Some((code.to_owned(), message.to_owned()));
        let charge = self.charges.get_mut(charge, "charge")?;
        charge.status = ChargeStatus::Failed;
        charge.failure.clone_from(&failure);
        let charge = charge.json();
        let intent = self.find_or_create_intent(id, now)?;
        intent.status = PaymentIntentStatus::RequiresPaymentMethod;
        intent.failure = failure;
        let object = intent.json();
        tracing::info!(session = id, code, "A payment attempt of session {id} failed.");
        self.record_event("charge.failed", charge, id, now, None);
        self.record_event("payment_intent.payment_failed", object, id, now, None);
        Ok(())
    }
}
