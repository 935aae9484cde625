//! Creation of refunds and the changes of their status: some stay pending for a while, and some fail.
//!
//! See <https://docs.stripe.com/refunds#failed-refunds>.

use serde_json::json;

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Metadata,
    ids::new_id,
    model::{
        charge::ChargeStatus,
        event::RequestInfo,
        refund::{Refund, RefundStatus},
        test_card::RefundBehavior,
    },
    money::format_amount,
};

/// How long after its creation a refund changes its status, if the card makes it do so.
const STATUS_CHANGE_DELAY_SECONDS: i64 = 5;

/// The parameters of a new refund.
#[derive(Debug, Default)]
pub struct RefundParams {
    /// In the currency's smallest unit. Default: all that is left.
    pub amount: Option<i64>,
    pub reason: Option<String>,
    pub metadata: Metadata,
}

impl Data {
    /// Refunds a charge, in whole or in part, and returns the refund's id. A pending refund counts as refunded.
    ///
    /// # Errors
    /// 404 for an unknown charge; 400 `charge_disputed` when a dispute is open or lost, `charge_already_refunded` when nothing is
    /// left, and 400 when less is left than the amount.
    pub fn create_refund(
        &mut self,
        charge: &str,
        params: RefundParams,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) -> Result<String> {
        if self.disputes.rows().iter().any(|dispute| dispute.charge == charge && !dispute.is_refundable()) {
            let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
            return Err(ApiError::invalid(message).code("charge_disputed").replayable());
        }
        let charge = self.charges.get_mut(charge, "charge")?;
        if charge.status != ChargeStatus::Succeeded {
            let message = format!("Charge {} was not paid; cannot issue a refund.", charge.id);
            return Err(ApiError::invalid(message).param("charge").replayable());
        }
        let left = charge.refundable_amount();
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(ApiError::invalid(message).code("charge_already_refunded").replayable());
        }
        let amount = params.amount.unwrap_or(left);
        if amount > left {
            let (amount, left) = (format_amount(amount, &charge.currency), format_amount(left, &charge.currency));
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return Err(ApiError::invalid(message).param("amount").replayable());
        }
        let previous = json!({ "amount_refunded": charge.amount_refunded, "refunded": false });
        charge.amount_refunded += amount;
        let is_pending = matches!(charge.refund_behavior, RefundBehavior::Delayed | RefundBehavior::Manual);
        let changes_later = matches!(charge.refund_behavior, RefundBehavior::Delayed | RefundBehavior::FailsLater);
        let refund = Refund {
            id: new_id("re_"),
            created: now,
            amount,
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason: params.reason,
            metadata: params.metadata,
            status: if is_pending { RefundStatus::Pending } else { RefundStatus::Succeeded },
            failure_reason: None,
            status_change_due: changes_later.then_some(now + STATUS_CHANGE_DELAY_SECONDS),
        };
        let (id, charge, object) = (refund.id.clone(), charge.json(), refund.json());
        let session = self.session_of_intent(&refund.payment_intent);
        self.refunds.insert(refund);
        self.record_event("refund.created", object, &session, now, caused_by);
        self.record_change_event("charge.refunded", charge, previous, &session, now, caused_by);
        tracing::info!(refund = id, session, amount, "Refund {id} of {amount} was created.");
        Ok(id)
    }

    /// Completes a pending refund.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 for one that is not pending.
    pub fn succeed_refund(&mut self, id: &str, now: i64) -> Result<()> {
        let refund = self.refunds.get_mut(id, "refund")?;
        if refund.status != RefundStatus::Pending {
            return Err(ApiError::invalid("This refund is not pending."));
        }
        refund.status = RefundStatus::Succeeded;
        refund.status_change_due = None;
        self.record_refund_event(id, RefundStatus::Pending, now)
    }

    /// Fails a refund, pending or succeeded. The money returns to the shop, and the charge's refunded amount decreases.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 for one that has failed.
    pub fn fail_refund(&mut self, id: &str, reason: &str, now: i64) -> Result<()> {
        let refund = self.refunds.get_mut(id, "refund")?;
        let previous = refund.status;
        if previous == RefundStatus::Failed {
            return Err(ApiError::invalid("This refund has already failed."));
        }
        refund.status = RefundStatus::Failed;
        refund.failure_reason = Some(reason.to_owned());
        refund.status_change_due = None;
        let (charge, amount) = (refund.charge.clone(), refund.amount);
        self.charges.get_mut(&charge, "charge")?.amount_refunded -= amount;
        tracing::info!(refund = id, reason, "Refund {id} failed.");
        self.record_refund_event(id, previous, now)?;
        let refund = self.refunds.get(id, "refund")?;
        let (object, session) = (refund.json(), self.session_of_intent(&refund.payment_intent));
        self.record_event("refund.failed", object, &session, now, None);
        Ok(())
    }

    /// Records the change of a refund's status, under the current type of the event and under its older one.
    fn record_refund_event(&mut self, id: &str, previous: RefundStatus, now: i64) -> Result<()> {
        let refund = self.refunds.get(id, "refund")?;
        let (object, session) = (refund.json(), self.session_of_intent(&refund.payment_intent));
        for kind in ["refund.updated", "charge.refund.updated"] {
            self.record_change_event(kind, object.clone(), json!({ "status": previous }), &session, now, None);
        }
        Ok(())
    }

    /// Whether the status of a refund is due to change.
    pub fn has_due_refunds(&self, now: i64) -> bool {
        self.refunds.rows().iter().any(|refund| refund.is_due(now))
    }

    /// Changes the status of every refund that is due: a pending one succeeds, a succeeded one fails.
    pub fn process_due_refunds(&mut self, now: i64) {
        let due = self.refunds.rows().iter().filter(|refund| refund.is_due(now));
        let due: Vec<_> = due.map(|refund| (refund.id.clone(), refund.status)).collect();
        for (id, status) in due {
            let result = match status {
                RefundStatus::Pending => self.succeed_refund(&id, now),
                _ => self.fail_refund(&id, "expired_or_canceled_card", now),
            };
            if let Err(error) = result {
                tracing::error!(refund = id, "Refund {id} was due but its status was not changed: {}.", error.message);
            }
        }
    }
}
