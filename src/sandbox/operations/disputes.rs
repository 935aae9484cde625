//! Changes of disputes: opening, evidence, and the bank's decision.
//!
//! See <https://docs.stripe.com/disputes/how-disputes-work>.

use std::collections::BTreeMap;

use serde_json::json;

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Metadata,
    ids::new_id,
    model::{
        charge::ChargeStatus,
        dispute::{DISPUTE_REASONS, Dispute, DisputeStatus},
        event::RequestInfo,
        refund::{Refund, RefundStatus},
    },
};

/// The evidence and the metadata that a shop adds to a dispute.
#[derive(Debug)]
pub struct DisputeUpdate {
    pub evidence: BTreeMap<String, String>,
    pub metadata: Metadata,
    /// Whether the evidence is submitted to the bank immediately.
    pub submit: bool,
}

impl Data {
    /// Opens a dispute over the unrefunded amount of a charge, and returns its id. Pending refunds fail, because the bank
    /// withdraws the money.
    ///
    /// # Errors
    /// 404 for an unknown charge, 400 for one that was not paid, was refunded in full, or is already disputed.
    pub fn open_dispute(&mut self, charge: &str, reason: &str, now: i64) -> Result<String> {
        if DISPUTE_REASONS.iter().all(|(known, _)| *known != reason) {
            return Err(ApiError::invalid(format!("Invalid reason: {reason}")).param("reason"));
        }
        let row = self.charges.get(charge, "charge")?;
        if row.status != ChargeStatus::Succeeded {
            return Err(ApiError::invalid("Only a successful charge can be disputed."));
        }
        if row.dispute.is_some() {
            return Err(ApiError::invalid("This charge is already disputed."));
        }
        let is_pending = |refund: &&Refund| refund.charge == charge && refund.status == RefundStatus::Pending;
        let pending: Vec<_> = self.refunds.rows().iter().filter(is_pending).collect();
        let pending_amount: i64 = pending.iter().map(|refund| refund.amount).sum();
        let pending: Vec<_> = pending.into_iter().map(|refund| refund.id.clone()).collect();
        if row.refundable_amount() + pending_amount == 0 {
            return Err(ApiError::invalid("This charge has been refunded in full: nothing is left to dispute."));
        }
        for refund in pending {
            self.fail_refund(&refund, "charge_for_pending_refund_disputed", now)?;
        }
        let charge = self.charges.get_mut(charge, "charge")?;
        let dispute = Dispute {
            id: new_id("du_"),
            created: now,
            amount: charge.refundable_amount(),
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason: reason.to_owned(),
            status: DisputeStatus::NeedsResponse,
            evidence: BTreeMap::new(),
            submission_count: 0,
            metadata: Metadata::new(),
        };
        let id = dispute.id.clone();
        charge.dispute = Some(id.clone());
        self.disputes.insert(dispute);
        tracing::info!(dispute = id, reason, "Dispute {id} was opened.");
        self.record_dispute_events(
            &id,
            &["charge.dispute.created", "charge.dispute.funds_withdrawn"],
            None,
            now,
            None,
        )?;
        Ok(id)
    }

    /// Adds evidence and metadata to a dispute, and submits the evidence unless there is none or the update says not to.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn update_dispute(
        &mut self,
        id: &str,
        update: DisputeUpdate,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) -> Result<()> {
        let dispute = self.require_open_dispute(id)?;
        let submit = update.submit && !update.evidence.is_empty();
        dispute.evidence.extend(update.evidence);
        dispute.metadata.extend(update.metadata);
        if submit {
            self.submit_evidence(id, now, caused_by)
        } else {
            self.record_dispute_events(id, &["charge.dispute.updated"], None, now, caused_by)
        }
    }

    /// Submits the evidence to the bank. Stripe's test texts decide the dispute immediately:
    /// <https://docs.stripe.com/testing#evidence>.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn submit_evidence(&mut self, id: &str, now: i64, caused_by: Option<&RequestInfo>) -> Result<()> {
        let dispute = self.require_open_dispute(id)?;
        let previous = dispute.status;
        dispute.status = DisputeStatus::UnderReview;
        dispute.submission_count += 1;
        let text = dispute.evidence.get("uncategorized_text").cloned().unwrap_or_default();
        self.record_dispute_events(id, &["charge.dispute.updated"], Some(previous), now, caused_by)?;
        match text.as_str() {
            "winning_evidence" => self.close_dispute(id, true, now, caused_by),
            "losing_evidence" => self.close_dispute(id, false, now, caused_by),
            _ => Ok(()),
        }
    }

    /// Closes a dispute. If the shop won, the bank returns the money.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn close_dispute(&mut self, id: &str, won: bool, now: i64, caused_by: Option<&RequestInfo>) -> Result<()> {
        let dispute = self.require_open_dispute(id)?;
        let previous = dispute.status;
        let (status, kinds): (_, &[&str]) = if won {
            (DisputeStatus::Won, &["charge.dispute.funds_reinstated", "charge.dispute.closed"])
        } else {
            (DisputeStatus::Lost, &["charge.dispute.closed"])
        };
        dispute.status = status;
        tracing::info!(dispute = id, won, "Dispute {id} was closed.");
        self.record_dispute_events(id, kinds, Some(previous), now, caused_by)
    }

    fn require_open_dispute(&mut self, id: &str) -> Result<&mut Dispute> {
        let dispute = self.disputes.get_mut(id, "dispute")?;
        if dispute.is_open() {
            return Ok(dispute);
        }
        Err(ApiError::invalid("This dispute is already closed").replayable())
    }

    /// Records events about a dispute, with its previous status if that changed.
    fn record_dispute_events(
        &mut self,
        id: &str,
        kinds: &[&str],
        previous: Option<DisputeStatus>,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) -> Result<()> {
        let dispute = self.disputes.get(id, "dispute")?;
        let (object, session) = (dispute.json(), self.session_of_intent(&dispute.payment_intent));
        for kind in kinds {
            match previous {
                Some(previous) => {
                    let previous = json!({ "status": previous });
                    self.record_change_event(kind, object.clone(), previous, &session, now, caused_by);
                }
                None => self.record_event(kind, object.clone(), &session, now, caused_by),
            }
        }
        Ok(())
    }
}
