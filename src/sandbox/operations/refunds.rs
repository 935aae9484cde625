//! Refunds: money given back, in one piece or in several, never more than was taken. Some take a while, and some fail.
//!
//! The object is <https://docs.stripe.com/api/refunds/object>; how one fails is <https://docs.stripe.com/refunds#failed-refunds>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    api::request::{self, Call},
    error::{ApiError, Result},
    form_encoding::form::{Form, Metadata},
    model::payment::ChargeStatus,
    model::test_card::Course,
    money,
    store::{Data, Sandbox, new_id},
    table::Row,
};

/// How long a refund takes that does not end at once, in seconds.
const TAKES: i64 = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    Pending,
    #[default]
    Succeeded,
    Failed,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    created: i64,
    /// In the currency's smallest unit.
    pub amount: i64,
    pub currency: String,
    pub charge: String,
    pub payment_intent: String,
    reason: Option<String>,
    metadata: Metadata,
    #[serde(default)]
    pub status: RefundStatus,
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// When it goes its own way: a pending one succeeds then, a succeeded one fails.
    #[serde(default)]
    due: Option<i64>,
}

impl Row for Refund {
    const NOUN: &'static str = "refund";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Refund {
    pub fn json(&self) -> Value {
        let mut object = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "balance_transaction": null, "charge": self.charge,
            "created": self.created, "currency": self.currency,
            "destination_details": { "type": "card", "card": {
                "reference": null, "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
            } },
            "metadata": self.metadata, "payment_intent": self.payment_intent, "reason": self.reason,
            "receipt_number": null, "source_transfer_reversal": null, "status": self.status, "transfer_reversal": null,
        });
        // Stripe writes these only where they say something.
        if let Some(reason) = &self.failure_reason {
            object["failure_reason"] = json!(reason);
            object["failure_balance_transaction"] = Value::Null;
        }
        if self.status == RefundStatus::Pending {
            object["pending_reason"] = json!("processing");
        }
        object
    }
}

/// What a refund was asked to be.
#[derive(Debug, Default)]
pub struct Order {
    /// In the currency's smallest unit; all that is left, unless told.
    pub amount: Option<i64>,
    pub reason: Option<String>,
    pub metadata: Metadata,
}

impl Data {
    /// Gives money back, and gives the refund's id. What is pending counts as given.
    ///
    /// # Errors
    /// 404 for an unknown charge; 400 `charge_disputed` when the bank has the money or may take it, `charge_already_refunded`
    /// when nothing is left, 400 when less is left than asked for.
    pub fn refund(&mut self, charge: &str, order: Order, now: i64, call: Option<&Call>) -> Result<String> {
        if self.disputes.rows().iter().any(|dispute| dispute.charge == charge && !dispute.is_refundable()) {
            let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
            return Err(ApiError::invalid(message).code("charge_disputed").remembered());
        }
        let charge = self.charges.get_mut(charge, "charge")?;
        if charge.status != ChargeStatus::Succeeded {
            let message = format!("Charge {} was not paid; cannot issue a refund.", charge.id);
            return Err(ApiError::invalid(message).param("charge").remembered());
        }
        let left = charge.left();
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(ApiError::invalid(message).code("charge_already_refunded").remembered());
        }
        let amount = order.amount.unwrap_or(left);
        if amount > left {
            let (asked, left) = (money(amount, &charge.currency), money(left, &charge.currency));
            let message = format!("Refund amount ({asked}) is greater than unrefunded amount on charge ({left})");
            return Err(ApiError::invalid(message).param("amount").remembered());
        }
        let before = json!({ "amount_refunded": charge.amount_refunded, "refunded": false });
        charge.amount_refunded += amount;
        let waits = matches!(charge.course, Course::Later | Course::Held);
        let refund = Refund {
            id: new_id("re_"),
            created: now,
            amount,
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason: order.reason,
            metadata: order.metadata,
            status: if waits { RefundStatus::Pending } else { RefundStatus::Succeeded },
            failure_reason: None,
            due: matches!(charge.course, Course::Later | Course::Fails).then_some(now + TAKES),
        };
        let (id, charge, object) = (refund.id.clone(), charge.json(), refund.json());
        let session = self.session_of(&refund.payment_intent);
        self.refunds.insert(refund);
        self.announce("refund.created", object, &session, now, call);
        self.announce_change("charge.refunded", charge, before, &session, now, call);
        tracing::info!(refund = id, session, amount, "Refund {id} gave {amount} back.");
        Ok(id)
    }

    /// Lets a pending refund arrive.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 for one that is not pending.
    pub fn settle_refund(&mut self, id: &str, now: i64) -> Result<()> {
        let refund = self.refunds.get_mut(id, "refund")?;
        if refund.status != RefundStatus::Pending {
            return Err(ApiError::invalid("This refund is not pending."));
        }
        refund.status = RefundStatus::Succeeded;
        refund.due = None;
        self.announce_refund(id, RefundStatus::Pending, now)
    }

    /// Lets a refund fail, also one that had succeeded: the money is the shop's again, and the charge is refunded by that much
    /// less.
    ///
    /// # Errors
    /// 404 for an unknown refund, 400 for one that has failed.
    pub fn fail_refund(&mut self, id: &str, reason: &str, now: i64) -> Result<()> {
        let refund = self.refunds.get_mut(id, "refund")?;
        let before = refund.status;
        if before == RefundStatus::Failed {
            return Err(ApiError::invalid("This refund has failed already."));
        }
        refund.status = RefundStatus::Failed;
        refund.failure_reason = Some(reason.to_owned());
        refund.due = None;
        let (charge, amount) = (refund.charge.clone(), refund.amount);
        self.charges.get_mut(&charge, "charge")?.amount_refunded -= amount;
        tracing::info!(refund = id, reason, "Refund {id} failed.");
        self.announce_refund(id, before, now)?;
        let refund = self.refunds.get(id, "refund")?;
        let (object, session) = (refund.json(), self.session_of(&refund.payment_intent));
        self.announce("refund.failed", object, &session, now, None);
        Ok(())
    }

    /// Tells that a refund changed, under its name of today and under the one it had before.
    fn announce_refund(&mut self, id: &str, before: RefundStatus, now: i64) -> Result<()> {
        let refund = self.refunds.get(id, "refund")?;
        let (object, session) = (refund.json(), self.session_of(&refund.payment_intent));
        for kind in ["refund.updated", "charge.refund.updated"] {
            self.announce_change(kind, object.clone(), json!({ "status": before }), &session, now, None);
        }
        Ok(())
    }

    pub fn has_refunds_due(&self, now: i64) -> bool {
        self.refunds.rows().iter().any(|refund| refund.due.is_some_and(|due| due <= now))
    }

    /// Lets the refunds whose time has come go their way.
    pub fn end_refunds_due(&mut self, now: i64) {
        let due: Vec<_> =
            self.refunds.rows().iter().filter(|refund| refund.due.is_some_and(|due| due <= now)).collect();
        let due: Vec<_> = due.into_iter().map(|refund| (refund.id.clone(), refund.status)).collect();
        for (id, status) in due {
            let ended = match status {
                RefundStatus::Pending => self.settle_refund(&id, now),
                _ => self.fail_refund(&id, "expired_or_canceled_card", now),
            };
            if let Err(error) = ended {
                tracing::error!(refund = id, "Refund {id} was due but did not end: {}.", error.message);
            }
        }
    }

    /// The session that an intent pays for.
    pub fn session_of(&self, intent: &str) -> String {
        self.intents.find(intent).map(|intent| intent.session.clone()).unwrap_or_default()
    }

    /// The charge that a refund's `payment_intent` or `charge` names.
    fn refunded_charge(&self, form: &mut Form) -> Result<String> {
        match (form.text("payment_intent")?, form.text("charge")?) {
            (None, None) => {
                let message =
                    "One of the following params should be provided for this request: payment_intent or charge.";
                Err(ApiError::invalid(message).code("parameter_missing").param("payment_intent"))
            }
            (None, Some(charge)) => Ok(self.charges.get(&charge, "charge")?.id.clone()),
            (Some(intent), charge) => {
                let latest = self.intents.get(&intent, "payment_intent")?.latest_charge.clone();
                let paid =
                    |id: &String| self.charges.find(id).is_some_and(|charge| charge.status == ChargeStatus::Succeeded);
                let latest = latest.filter(paid).ok_or_else(|| {
                    let message = format!("This PaymentIntent ({intent}) does not have a successful charge to refund.");
                    ApiError::invalid(message)
                        .code("payment_intent_unexpected_state")
                        .param("payment_intent")
                        .remembered()
                })?;
                if charge.is_some_and(|charge| charge != latest) {
                    let message = "The charge does not belong to the payment_intent.";
                    return Err(ApiError::invalid(message).param("charge"));
                }
                Ok(latest)
            }
        }
    }
}

/// The refunds of one charge, as the list that a charge is expanded with.
pub fn list_of(data: &Data, charge: &str) -> Value {
    let refunds: Vec<_> =
        data.refunds.rows().iter().rev().filter(|refund| refund.charge == charge).map(Refund::json).collect();
    json!({ "object": "list", "data": refunds, "has_more": false, "url": format!("/v1/charges/{charge}/refunds") })
}

/// `POST /v1/refunds`: <https://docs.stripe.com/api/refunds/create>.
pub async fn create(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox
        .answer(call, |data, mut call| {
            let form = &mut call.form;
            let amount = form.number("amount", 1)?;
            let reason = form.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
            let order = Order { amount, reason: reason.map(str::to_owned), metadata: form.metadata()? };
            let charge = data.refunded_charge(form)?;
            form.tolerate(&["instructions_email", "refund_application_fee", "reverse_transfer"]);
            form.clone().finish()?;
            let id = data.refund(&charge, order, call.now, Some(&call))?;
            request::finish(data, data.refunds.get(&id, "refund")?.json(), &call.expand)
        })
        .await
}

/// `GET /v1/refunds/:id`: <https://docs.stripe.com/api/refunds/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        request::finish(data, data.refunds.get(&id, "refund")?.json(), &call.expand)
    })
}

/// `GET /v1/refunds`: <https://docs.stripe.com/api/refunds/list>.
pub async fn list(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let of_payment = request::of_payment(&mut form)?;
        let fits = |refund: &Refund| of_payment(&refund.charge, &refund.payment_intent);
        let page = data.refunds.page(&mut form, "/v1/refunds", fits, Refund::json)?;
        form.finish()?;
        request::finish(data, page, &expand)
    })
}
