//! Disputes: a buyer asks the bank for the money back. The bank takes it at once, and decides later who keeps it.
//!
//! The object is <https://docs.stripe.com/api/disputes/object>, how one goes is <https://docs.stripe.com/disputes/how-disputes-work>.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sandbox::{
    api::request::{self, Call},
    error::{ApiError, Result},
    form_encoding::form::{Form, Metadata},
    model::payment::ChargeStatus,
    operations::refunds::RefundStatus,
    store::{Data, Sandbox, new_id},
    table::Row,
};

/// The shop has so long to answer, in seconds.
const TO_ANSWER: i64 = 9 * 24 * 60 * 60;

/// <https://docs.stripe.com/api/disputes/object#dispute_object-reason>, with the card network's number for it.
pub const REASONS: [(&str, &str); 8] = [
    ("fraudulent", "10.4"),
    ("product_not_received", "13.1"),
    ("product_unacceptable", "13.3"),
    ("subscription_canceled", "13.2"),
    ("credit_not_processed", "13.6"),
    ("duplicate", "12.6.1"),
    ("unrecognized", "10.4"),
    ("general", "13.5"),
];

/// What a shop may write down: <https://docs.stripe.com/api/disputes/evidence_object>.
const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Dispute {
    pub id: String,
    created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    pub reason: String,
    pub status: DisputeStatus,
    evidence: BTreeMap<String, String>,
    submissions: u32,
    metadata: Metadata,
}

impl Row for Dispute {
    const NOUN: &'static str = "dispute";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Dispute {
    pub const fn is_open(&self) -> bool {
        matches!(self.status, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview)
    }

    /// Whether the shop may refund the charge: it has its money.
    pub const fn is_refundable(&self) -> bool {
        matches!(self.status, DisputeStatus::Won)
    }

    pub fn json(&self) -> Value {
        let mut evidence: Map<_, _> = EVIDENCE.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        evidence.extend(self.evidence.iter().map(|(name, text)| (name.clone(), json!(text))));
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        let network = REASONS.iter().find(|(reason, _)| *reason == self.reason).map(|(_, code)| *code);
        json!({
            "id": self.id, "object": "dispute", "amount": self.amount, "balance_transactions": [], "charge": self.charge,
            "created": self.created, "currency": self.currency, "enhanced_eligibility_types": [], "evidence": evidence,
            "evidence_details": {
                "due_by": self.is_open().then_some(self.created + TO_ANSWER), "enhanced_eligibility": {},
                "has_evidence": !self.evidence.is_empty(), "past_due": false, "submission_count": self.submissions,
            },
            "is_charge_refundable": self.is_refundable(), "livemode": false, "metadata": self.metadata,
            "network_reason_code": network, "payment_intent": self.payment_intent,
            "payment_method_details": { "type": "card", "card": {
                "brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": network,
            } },
            "reason": self.reason, "status": self.status,
        })
    }
}

impl Data {
    /// Opens a dispute about what is left of a charge, and gives its id. Refunds that are pending fail: the bank has the money.
    ///
    /// # Errors
    /// 404 for an unknown charge, 400 for one that was not paid, was given back, or is disputed already.
    pub fn dispute(&mut self, charge: &str, reason: &str, now: i64) -> Result<String> {
        if REASONS.iter().all(|(known, _)| *known != reason) {
            return Err(ApiError::invalid(format!("Invalid reason: {reason}")).param("reason"));
        }
        let disputed = self.charges.get(charge, "charge")?;
        if disputed.status != ChargeStatus::Succeeded {
            return Err(ApiError::invalid("What was not paid cannot be disputed."));
        }
        if disputed.dispute.is_some() {
            return Err(ApiError::invalid("This payment is disputed already."));
        }
        let waits = |refund: &&crate::sandbox::operations::refunds::Refund| {
            refund.charge == charge && refund.status == RefundStatus::Pending
        };
        let waiting: Vec<_> = self.refunds.rows().iter().filter(waits).map(|refund| refund.id.clone()).collect();
        let pending: i64 = waiting.iter().filter_map(|id| self.refunds.find(id)).map(|refund| refund.amount).sum();
        if disputed.left() + pending == 0 {
            return Err(ApiError::invalid("This payment was given back: there is nothing to dispute."));
        }
        for refund in waiting {
            self.fail_refund(&refund, "charge_for_pending_refund_disputed", now)?;
        }
        let charge = self.charges.get_mut(charge, "charge")?;
        let dispute = Dispute {
            id: new_id("du_"),
            created: now,
            amount: charge.left(),
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason: reason.to_owned(),
            status: DisputeStatus::NeedsResponse,
            evidence: BTreeMap::new(),
            submissions: 0,
            metadata: Metadata::new(),
        };
        let id = dispute.id.clone();
        charge.dispute = Some(id.clone());
        self.disputes.insert(dispute);
        tracing::info!(dispute = id, reason, "Dispute {id} is open.");
        self.announce_dispute(&id, &["charge.dispute.created", "charge.dispute.funds_withdrawn"], None, now, None)?;
        Ok(id)
    }

    /// Hands in what the shop has to say. Stripe's own words for tests decide at once:
    /// <https://docs.stripe.com/testing#evidence>.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn answer_dispute(&mut self, id: &str, now: i64, call: Option<&Call>) -> Result<()> {
        let dispute = self.open_dispute(id)?;
        let before = dispute.status;
        dispute.status = DisputeStatus::UnderReview;
        dispute.submissions += 1;
        let text = dispute.evidence.get("uncategorized_text").cloned().unwrap_or_default();
        self.announce_dispute(id, &["charge.dispute.updated"], Some(before), now, call)?;
        match text.as_str() {
            "winning_evidence" => self.close_dispute(id, true, now, call),
            "losing_evidence" => self.close_dispute(id, false, now, call),
            _ => Ok(()),
        }
    }

    /// Closes a dispute: won, and the money comes back; or lost, and it is gone.
    ///
    /// # Errors
    /// 404 for an unknown dispute, 400 for one that is closed.
    pub fn close_dispute(&mut self, id: &str, won: bool, now: i64, call: Option<&Call>) -> Result<()> {
        let dispute = self.open_dispute(id)?;
        let before = dispute.status;
        let (status, kinds): (_, &[&str]) = if won {
            (DisputeStatus::Won, &["charge.dispute.funds_reinstated", "charge.dispute.closed"])
        } else {
            (DisputeStatus::Lost, &["charge.dispute.closed"])
        };
        dispute.status = status;
        tracing::info!(dispute = id, won, "Dispute {id} is closed.");
        self.announce_dispute(id, kinds, Some(before), now, call)
    }

    fn open_dispute(&mut self, id: &str) -> Result<&mut Dispute> {
        let dispute = self.disputes.get_mut(id, "dispute")?;
        if dispute.is_open() {
            return Ok(dispute);
        }
        Err(ApiError::invalid("This dispute is already closed").remembered())
    }

    fn announce_dispute(
        &mut self,
        id: &str,
        kinds: &[&str],
        before: Option<DisputeStatus>,
        now: i64,
        call: Option<&Call>,
    ) -> Result<()> {
        let dispute = self.disputes.get(id, "dispute")?;
        let (object, session) = (dispute.json(), self.session_of(&dispute.payment_intent));
        for kind in kinds {
            match before {
                Some(before) => {
                    let previous = json!({ "status": before });
                    self.announce_change(kind, object.clone(), previous, &session, now, call);
                }
                None => self.announce(kind, object.clone(), &session, now, call),
            }
        }
        Ok(())
    }
}

/// Takes what a shop wrote down.
fn take_evidence(form: &mut Form) -> Result<BTreeMap<String, String>> {
    let Some(mut form) = form.form("evidence")? else { return Ok(BTreeMap::new()) };
    let mut evidence = BTreeMap::new();
    for name in EVIDENCE {
        if let Some(text) = form.short(name, 20_000)? {
            evidence.insert(name.to_owned(), text);
        }
    }
    form.tolerate(&["enhanced_evidence"]);
    form.finish()?;
    Ok(evidence)
}

/// `POST /v1/disputes/:id`: <https://docs.stripe.com/api/disputes/update>. Evidence is handed in unless `submit` is false.
pub async fn update(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox
        .answer(call, |data, mut call| {
            let evidence = take_evidence(&mut call.form)?;
            let metadata = call.form.metadata()?;
            let submit = call.form.flag("submit")?.unwrap_or(true);
            call.form.clone().finish()?;
            let dispute = data.open_dispute(&id)?;
            let submit = submit && !evidence.is_empty();
            dispute.evidence.extend(evidence);
            dispute.metadata.extend(metadata);
            if submit {
                data.answer_dispute(&id, call.now, Some(&call))?;
            } else {
                data.announce_dispute(&id, &["charge.dispute.updated"], None, call.now, Some(&call))?;
            }
            request::finish(data, data.disputes.get(&id, "dispute")?.json(), &call.expand)
        })
        .await
}

/// `POST /v1/disputes/:id/close`: <https://docs.stripe.com/api/disputes/close>. The shop gives in, and has lost.
pub async fn close(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox
        .answer(call, |data, call| {
            call.form.clone().finish()?;
            data.close_dispute(&id, false, call.now, Some(&call))?;
            request::finish(data, data.disputes.get(&id, "dispute")?.json(), &call.expand)
        })
        .await
}

/// `GET /v1/disputes/:id`: <https://docs.stripe.com/api/disputes/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.disputes.get(&id, "dispute")?.json(), &call.expand)
    })
}

/// `GET /v1/disputes`: <https://docs.stripe.com/api/disputes/list>.
pub async fn list(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let of_payment = request::of_payment(&mut form)?;
        let fits = |dispute: &Dispute| of_payment(&dispute.charge, &dispute.payment_intent);
        let page = data.disputes.page(&mut form, "/v1/disputes", fits, Dispute::json)?;
        form.finish()?;
        request::finish(data, page, &expand)
    })
}
