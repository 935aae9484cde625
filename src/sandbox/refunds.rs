//! Refunds: money given back, in one piece or in several, never more than was taken.
//!
//! The object is <https://docs.stripe.com/api/refunds/object>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    api::{self, Call},
    error::{ApiError, Result},
    form::{Form, Metadata},
    money,
    state::{Data, Sandbox, new_id},
    table::Row,
};

#[derive(Debug, Serialize, Deserialize)]
pub struct Refund {
    id: String,
    created: i64,
    /// In the currency's smallest unit.
    amount: i64,
    currency: String,
    charge: String,
    payment_intent: String,
    reason: Option<String>,
    metadata: Metadata,
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
        json!({
            "id": self.id, "object": "refund", "amount": self.amount, "balance_transaction": null, "charge": self.charge,
            "created": self.created, "currency": self.currency,
            "destination_details": { "type": "card", "card": {
                "reference": null, "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
            } },
            "metadata": self.metadata, "payment_intent": self.payment_intent, "reason": self.reason,
            "receipt_number": null, "source_transfer_reversal": null, "status": "succeeded", "transfer_reversal": null,
        })
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
    /// Gives money back, and gives the refund's id.
    ///
    /// # Errors
    /// 404 for an unknown charge; 400 `charge_already_refunded` when nothing is left, 400 when less is left than asked for.
    pub fn refund(&mut self, charge: &str, order: Order, now: i64, call: Option<&Call>) -> Result<String> {
        let charge = self.charges.get_mut(charge, "charge")?;
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
        charge.amount_refunded += amount;
        let refund = Refund {
            id: new_id("re_"),
            created: now,
            amount,
            currency: charge.currency.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            reason: order.reason,
            metadata: order.metadata,
        };
        let (id, charge, object) = (refund.id.clone(), charge.json(), refund.json());
        let session =
            self.intents.find(&refund.payment_intent).map(|intent| intent.session.clone()).unwrap_or_default();
        self.refunds.insert(refund);
        self.announce("refund.created", object, &session, now, call);
        self.announce("charge.refunded", charge, &session, now, call);
        tracing::info!(refund = id, session, amount, "Refund {id} gave {amount} back.");
        Ok(id)
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
                let latest = self.intents.get(&intent, "payment_intent")?.latest_charge.clone().ok_or_else(|| {
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
            api::finish(data, data.refunds.get(&id, "refund")?.json(), &call.expand)
        })
        .await
}

/// `GET /v1/refunds/:id`: <https://docs.stripe.com/api/refunds/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        api::finish(data, data.refunds.get(&id, "refund")?.json(), &call.expand)
    })
}

/// `GET /v1/refunds`: <https://docs.stripe.com/api/refunds/list>.
pub async fn list(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, expand, .. }| {
        let (charge, intent) = (form.text("charge")?, form.text("payment_intent")?);
        let fits = |refund: &Refund| {
            charge.as_ref().is_none_or(|charge| *charge == refund.charge)
                && intent.as_ref().is_none_or(|intent| *intent == refund.payment_intent)
        };
        let page = data.refunds.page(&mut form, "/v1/refunds", fits, Refund::json)?;
        form.finish()?;
        api::finish(data, page, &expand)
    })
}
