//! What can be done to payments from the outside: the buttons of the dashboard, and the same for programs.

use serde::Deserialize;

use crate::sandbox::{
    error::{ApiError, Result},
    model::checkout_session::Customer,
    model::payment::{Charge, ChargeStatus},
    model::test_card::{Card, Course},
    operations::events::{Delivery, Event},
    operations::refunds::Order,
    store::Data,
};

/// What can be done to a session, or to what was paid for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionAct {
    Pay,
    Later,
    Decline,
    Settle,
    Fail,
    Expire,
    Refund,
    Dispute,
    /// Says how refunds of this payment go.
    Course,
    Resend,
}

/// How a refund ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundAct {
    Succeed,
    Fail,
}

/// How a dispute goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisputeAct {
    /// The shop hands in what it has to say.
    Answer,
    Win,
    Lose,
}

/// The particulars of an action. Whatever is left out is as usual.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// How much to refund, in the currency's smallest unit; all that is left, unless told.
    pub amount: Option<i64>,
    /// Why it is disputed, or why the refund failed.
    pub reason: Option<String>,
    pub course: Course,
    pub email: Option<String>,
    /// The card's country.
    pub country: Option<String>,
    pub card: Card,
}

impl Wish {
    fn customer(&self, email: Option<&String>) -> Customer {
        let mut customer = Customer { card: self.card, ..Customer::default() };
        if let Some(email) = email.or(self.email.as_ref()) {
            customer.email.clone_from(email);
        }
        if let Some(country) = &self.country {
            customer.country.clone_from(country);
        }
        customer
    }
}

impl Data {
    /// Does something to a session, and gives the id of what came of it: a refund, a dispute, or the session itself.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when it cannot be done to a session in its state.
    pub fn act(&mut self, id: &str, act: SessionAct, wish: &Wish, now: i64) -> Result<String> {
        let customer = wish.customer(self.sessions.get(id, "session")?.customer_email.as_ref());
        match act {
            SessionAct::Pay => self.pay(id, customer, now)?,
            SessionAct::Later => self.pay_later(id, customer, now)?,
            SessionAct::Decline => self.decline(id, customer, now)?,
            SessionAct::Settle => self.settle(id, now)?,
            SessionAct::Fail => self.fail(id, now)?,
            SessionAct::Expire => self.expire(id, now, None)?,
            SessionAct::Refund => {
                if wish.amount.is_some_and(|amount| amount < 1) {
                    return Err(ApiError::invalid("A refund is of at least one cent.").param("amount"));
                }
                let reason = Some("requested_by_customer".to_owned());
                let order = Order { amount: wish.amount, reason, ..Order::default() };
                return self.refund(&self.paid_charge(id)?, order, now, None);
            }
            SessionAct::Dispute => {
                let reason = wish.reason.as_deref().unwrap_or("fraudulent");
                return self.dispute(&self.paid_charge(id)?, reason, now);
            }
            SessionAct::Course => {
                let charge = self.paid_charge(id)?;
                self.charges.get_mut(&charge, "charge")?.course = wish.course;
            }
            SessionAct::Resend => {
                let about = |event: &&Event| event.session == id && event.kind.starts_with("checkout.session.");
                let event = self.events.rows().iter().rev().find(about).map(|event| event.id.clone());
                let event = event.ok_or_else(|| ApiError::invalid("Nothing has happened to this session yet."))?;
                self.send_again(&event)?;
            }
        }
        Ok(id.to_owned())
    }

    /// Ends a refund.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 when it has ended so already.
    pub fn act_on_refund(&mut self, id: &str, act: RefundAct, wish: &Wish, now: i64) -> Result<()> {
        match act {
            RefundAct::Succeed => self.settle_refund(id, now),
            RefundAct::Fail => self.fail_refund(id, wish.reason.as_deref().unwrap_or("expired_or_canceled_card"), now),
        }
    }

    /// Takes a dispute further.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn act_on_dispute(&mut self, id: &str, act: DisputeAct, now: i64) -> Result<()> {
        match act {
            DisputeAct::Answer => self.answer_dispute(id, now, None),
            DisputeAct::Win => self.close_dispute(id, true, now, None),
            DisputeAct::Lose => self.close_dispute(id, false, now, None),
        }
    }

    /// Makes an event due again.
    ///
    /// # Errors
    /// 404 for an unknown event.
    pub fn send_again(&mut self, event: &str) -> Result<()> {
        self.events.get_mut(event, "event")?.delivery = Delivery::due();
        Ok(())
    }

    /// The charge that paid for a session.
    pub fn charge_of(&self, session: &str) -> Option<&Charge> {
        let intent = self.intents.find(self.sessions.find(session)?.payment_intent.as_ref()?)?;
        let charge = self.charges.find(intent.latest_charge.as_ref()?)?;
        (charge.status == ChargeStatus::Succeeded).then_some(charge)
    }

    fn paid_charge(&self, session: &str) -> Result<String> {
        let charge = self.charge_of(session).map(|charge| charge.id.clone());
        charge.ok_or_else(|| ApiError::invalid("Nothing was paid for this session."))
    }
}
