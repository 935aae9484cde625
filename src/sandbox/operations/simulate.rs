//! Simulated actions of buyers, banks and the shop, taken on the dashboard or by test programs.

use serde::Deserialize;

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    model::{
        customer_details::CustomerDetails,
        event::Event,
        test_card::{RefundBehavior, TestCard},
    },
    operations::refunds::RefundParams,
};

/// An action on a checkout session or on its payment, named as in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionAction {
    Pay,
    /// The buyer pays with a method that confirms the payment later.
    #[serde(rename = "later")]
    PayLater,
    Decline,
    /// The delayed payment succeeds.
    #[serde(rename = "settle")]
    SucceedPayment,
    /// The delayed payment fails.
    #[serde(rename = "fail")]
    FailPayment,
    Expire,
    Refund,
    Dispute,
    /// Later refunds of this payment get another behavior.
    #[serde(rename = "course")]
    SetRefundBehavior,
    /// The latest event about the session is delivered again.
    Resend,
}

/// The result of a refund, named as in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundAction {
    Succeed,
    Fail,
}

/// An action on a dispute, named as in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisputeAction {
    /// The shop submits its evidence.
    #[serde(rename = "answer")]
    SubmitEvidence,
    Win,
    Lose,
}

/// The parameters of an action. Those left out have a default.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionParams {
    /// The amount to refund, in the currency's smallest unit. Default: all that is left.
    pub amount: Option<i64>,
    /// The reason of the dispute, or of the refund's failure.
    pub reason: Option<String>,
    #[serde(rename = "course")]
    pub refund_behavior: RefundBehavior,
    pub email: Option<String>,
    /// The card's country.
    pub country: Option<String>,
    pub card: TestCard,
}

impl ActionParams {
    /// Returns the buyer's details. The email address given to the session takes precedence.
    fn customer(&self, session_email: Option<&String>) -> CustomerDetails {
        let mut customer = CustomerDetails { card: self.card, ..CustomerDetails::default() };
        if let Some(email) = session_email.or(self.email.as_ref()) {
            customer.email.clone_from(email);
        }
        if let Some(country) = &self.country {
            customer.country.clone_from(country);
        }
        customer
    }
}

impl Data {
    /// Performs an action on a session, and returns the id of the refund or dispute that it created, otherwise of the session.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 when the session's state does not allow the action.
    pub fn simulate(&mut self, id: &str, action: SessionAction, params: &ActionParams, now: i64) -> Result<String> {
        let customer = params.customer(self.sessions.get(id, "session")?.customer_email.as_ref());
        match action {
            SessionAction::Pay => self.pay(id, customer, now)?,
            SessionAction::PayLater => self.pay_later(id, customer, now)?,
            SessionAction::Decline => self.decline(id, customer, now)?,
            SessionAction::SucceedPayment => self.succeed_delayed_payment(id, now)?,
            SessionAction::FailPayment => self.fail_delayed_payment(id, now)?,
            SessionAction::Expire => self.expire_session(id, now, None)?,
            SessionAction::Refund => {
                if params.amount.is_some_and(|amount| amount < 1) {
                    return Err(ApiError::invalid("A refund is at least one cent.").param("amount"));
                }
                let reason = Some("requested_by_customer".to_owned());
                let refund = RefundParams { amount: params.amount, reason, ..RefundParams::default() };
                return self.create_refund(&self.require_paid_charge(id)?, refund, now, None);
            }
            SessionAction::Dispute => {
                let reason = params.reason.as_deref().unwrap_or("fraudulent");
                return self.open_dispute(&self.require_paid_charge(id)?, reason, now);
            }
            SessionAction::SetRefundBehavior => {
                let charge = self.require_paid_charge(id)?;
                self.charges.get_mut(&charge, "charge")?.refund_behavior = params.refund_behavior;
            }
            SessionAction::Resend => {
                let about_session = |event: &&Event| event.session == id && event.kind.starts_with("checkout.session.");
                let event = self.events.rows().iter().rev().find(about_session).map(|event| event.id.clone());
                let event = event.ok_or_else(|| ApiError::invalid("This session has no events yet."))?;
                self.resend_event(&event)?;
            }
        }
        Ok(id.to_owned())
    }

    /// Changes the status of a refund.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 when its status does not allow the action.
    pub fn simulate_refund(&mut self, id: &str, action: RefundAction, params: &ActionParams, now: i64) -> Result<()> {
        match action {
            RefundAction::Succeed => self.succeed_refund(id, now),
            RefundAction::Fail => {
                self.fail_refund(id, params.reason.as_deref().unwrap_or("expired_or_canceled_card"), now)
            }
        }
    }

    /// Submits evidence for a dispute, or closes it.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn simulate_dispute(&mut self, id: &str, action: DisputeAction, now: i64) -> Result<()> {
        match action {
            DisputeAction::SubmitEvidence => self.submit_evidence(id, now, None),
            DisputeAction::Win => self.close_dispute(id, true, now, None),
            DisputeAction::Lose => self.close_dispute(id, false, now, None),
        }
    }

    fn require_paid_charge(&self, session: &str) -> Result<String> {
        let charge = self.paid_charge(session).map(|charge| charge.id.clone());
        charge.ok_or_else(|| ApiError::invalid("This session has no successful payment."))
    }
}
