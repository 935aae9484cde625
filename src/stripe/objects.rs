//! What Stripe says, as far as it decides something here: read from events and from what Stripe answers alike, whatever version of
//! its API they are of. By hand, because async-stripe's types are those of one version: an event comes in the version of its endpoint,
//! and one field that is not as that type has it would refuse a payment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    id::AttemptId,
    platform::clock,
    stripe::states::{DisputeState, RefundState},
};

/// Under this name Stripe keeps the id of our own row with a refund.
pub const OURS: &str = "refund";

/// What something that Stripe says is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StripeObject {
    Session(SessionEvent, SessionFacts),
    Refund(RefundFacts),
    Charge(ChargeFacts),
    Dispute(DisputeFacts),
    /// Of a type that we act on, but not as we know it.
    Unreadable,
}

/// What happened to a session, by the event's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    Completed,
    PaymentFailed,
    Expired,
}

/// A Checkout Session. <https://docs.stripe.com/api/checkout/sessions/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    pub id: String,
    /// `client_reference_id`.
    pub attempt: Option<AttemptId>,
    /// `paid` or `no_payment_required`; nothing else is money.
    pub paid: bool,
    /// In the currency's smallest unit.
    pub amount_total: i64,
    pub currency: String,
    pub payment_intent: Option<String>,
}

/// A refund, whoever made it. <https://docs.stripe.com/api/refunds/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    pub id: String,
    pub amount: i64,
    pub state: RefundState,
    /// Why it failed, in our words.
    pub failure: &'static str,
    pub payment_intent: Option<String>,
    /// The id of our own row, when we made it.
    pub ours: Option<Uuid>,
    pub at: DateTime<Utc>,
}

/// A charge that something went back of. <https://docs.stripe.com/api/charges/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeFacts {
    pub payment_intent: Option<String>,
    pub amount_refunded: i64,
    /// Its refunds, where all of them are told.
    pub refunds: Option<Vec<RefundFacts>>,
}

/// A dispute. <https://docs.stripe.com/api/disputes/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeFacts {
    pub id: String,
    pub amount: i64,
    /// Stripe's words.
    pub reason: String,
    pub status: String,
    pub state: DisputeState,
    pub payment_intent: Option<String>,
    pub at: DateTime<Utc>,
}

impl StripeObject {
    /// The payment, by which everything about one buyer's money is told one after the other.
    pub fn payment_intent(&self) -> Option<&str> {
        match self {
            Self::Session(_, session) => session.payment_intent.as_deref(),
            Self::Refund(refund) => refund.payment_intent.as_deref(),
            Self::Charge(charge) => charge.payment_intent.as_deref(),
            Self::Dispute(dispute) => dispute.payment_intent.as_deref(),
            Self::Unreadable => None,
        }
    }
}

/// Reads an event's object. `None` for the types that change nothing here.
///
/// # Errors
/// When what decides is not there, or is something else.
pub fn read(kind: &str, object: &Value) -> serde_json::Result<Option<StripeObject>> {
    Ok(match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            Some(StripeObject::Session(SessionEvent::Completed, Session::deserialize(object)?.facts()))
        }
        "checkout.session.async_payment_failed" => {
            Some(StripeObject::Session(SessionEvent::PaymentFailed, Session::deserialize(object)?.facts()))
        }
        "checkout.session.expired" => {
            Some(StripeObject::Session(SessionEvent::Expired, Session::deserialize(object)?.facts()))
        }
        "refund.failed" => {
            let facts = refund(object)?;
            let failure = if facts.failure.is_empty() { BANK_REFUSED } else { facts.failure };
            Some(StripeObject::Refund(RefundFacts { state: RefundState::Failed, failure, ..facts }))
        }
        "refund.created" | "refund.updated" | "charge.refund.updated" => Some(StripeObject::Refund(refund(object)?)),
        "charge.refunded" => Some(StripeObject::Charge(charge(object)?)),
        kind if kind.starts_with("charge.dispute.") => Some(StripeObject::Dispute(dispute(object)?)),
        _ => None,
    })
}

/// Reads a session that was asked for: what its own state says happened. `None` while nothing did.
///
/// # Errors
/// As [`read`].
pub fn session(object: &Value) -> serde_json::Result<Option<(SessionEvent, SessionFacts)>> {
    let session = Session::deserialize(object)?;
    // The payment has to be expanded for this: a session does not tell that its bank said no.
    let bank_said_no = matches!(intent_status(object), Some("requires_payment_method" | "canceled"));
    let word = match session.status.as_deref() {
        Some("expired") => SessionEvent::Expired,
        Some("complete") if session.payment_status == "unpaid" && bank_said_no => SessionEvent::PaymentFailed,
        Some("complete") => SessionEvent::Completed,
        _ => return Ok(None),
    };
    Ok(Some((word, session.facts())))
}

fn intent_status(session: &Value) -> Option<&str> {
    session.get("payment_intent")?.get("status")?.as_str()
}

/// The part of a Checkout Session that decides.
#[derive(Deserialize)]
struct Session {
    id: String,
    client_reference_id: Option<String>,
    status: Option<String>,
    payment_status: String,
    amount_total: Option<i64>,
    currency: Option<String>,
    #[serde(default, deserialize_with = "reference")]
    payment_intent: Option<String>,
}

impl Session {
    fn facts(self) -> SessionFacts {
        SessionFacts {
            id: self.id,
            attempt: self.client_reference_id.and_then(|reference| reference.parse().ok()),
            paid: matches!(self.payment_status.as_str(), "paid" | "no_payment_required"),
            amount_total: self.amount_total.unwrap_or(-1),
            currency: self.currency.unwrap_or_default(),
            payment_intent: self.payment_intent,
        }
    }
}

/// Reads a refund.
///
/// # Errors
/// As [`read`].
pub fn refund(object: &Value) -> serde_json::Result<RefundFacts> {
    #[derive(Deserialize)]
    struct Refund {
        id: String,
        amount: i64,
        status: Option<String>,
        #[serde(default, deserialize_with = "reference")]
        payment_intent: Option<String>,
        created: i64,
    }
    let Refund { id, amount, status, payment_intent, created } = Refund::deserialize(object)?;
    let (state, failure) = verdict(status.as_deref());
    let ours = object.get("metadata").and_then(|told| told.get(OURS)).and_then(Value::as_str);
    let ours = ours.and_then(|ours| ours.parse().ok());
    Ok(RefundFacts { id, amount, state, failure, payment_intent, ours, at: moment(created) })
}

const BANK_REFUSED: &str = "The buyer's bank did not take the money back.";

/// What a refund's status means here. <https://docs.stripe.com/refunds#refund-statuses>: `requires_action` waits for the buyer, as
/// `pending` does for the bank.
fn verdict(status: Option<&str>) -> (RefundState, &'static str) {
    match status {
        Some("succeeded") => (RefundState::Succeeded, ""),
        Some("failed") => (RefundState::Failed, BANK_REFUSED),
        Some("canceled") => (RefundState::Failed, "The refund was cancelled at Stripe."),
        _ => (RefundState::Pending, ""),
    }
}

fn charge(object: &Value) -> serde_json::Result<ChargeFacts> {
    #[derive(Deserialize)]
    struct Charge {
        amount_refunded: i64,
        #[serde(default, deserialize_with = "reference")]
        payment_intent: Option<String>,
    }
    let Charge { amount_refunded, payment_intent } = Charge::deserialize(object)?;
    // Newer versions do not tell them, and none tells more than the first ten.
    let whole = object.pointer("/refunds/has_more").and_then(Value::as_bool) == Some(false);
    let told = object.pointer("/refunds/data").and_then(Value::as_array).filter(|told| whole && !told.is_empty());
    let refunds = match told {
        None => None,
        Some(told) => {
            let mut refunds = told.iter().map(refund).collect::<serde_json::Result<Vec<_>>>()?;
            for refund in &mut refunds {
                refund.payment_intent = refund.payment_intent.take().or_else(|| payment_intent.clone());
            }
            Some(refunds)
        }
    };
    Ok(ChargeFacts { payment_intent, amount_refunded, refunds })
}

/// Reads a dispute.
///
/// # Errors
/// As [`read`].
pub fn dispute(object: &Value) -> serde_json::Result<DisputeFacts> {
    #[derive(Deserialize)]
    struct Dispute {
        id: String,
        amount: i64,
        #[serde(default)]
        reason: Option<String>,
        status: String,
        #[serde(default, deserialize_with = "reference")]
        payment_intent: Option<String>,
        created: i64,
    }
    let Dispute { id, amount, reason, status, payment_intent, created } = Dispute::deserialize(object)?;
    let state = decision(&status);
    Ok(DisputeFacts {
        id,
        amount,
        reason: reason.unwrap_or_default(),
        status,
        state,
        payment_intent,
        at: moment(created),
    })
}

/// What a dispute's status means here. An inquiry that was closed and a dispute that was prevented took nothing by themselves; what
/// was refunded instead is a refund. A status of tomorrow is not decided.
fn decision(status: &str) -> DisputeState {
    match status {
        "won" | "warning_closed" | "prevented" | "charge_refunded" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        _ => DisputeState::Open,
    }
}

/// Stripe's seconds.
pub fn moment(seconds: i64) -> DateTime<Utc> {
    clock::from_unix_millis(seconds.saturating_mul(1000))
}

/// An id, or the whole object where it is expanded.
fn reference<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(value)? {
        Value::String(id) => Some(id),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    })
}

/// What is wrong with an object of Stripe's, for the log: where a value was found that should not be there, the value is left out. It
/// may be somebody's address.
pub fn without_values(error: &serde_json::Error) -> String {
    let error = error.to_string();
    match error.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case("succeeded", RefundState::Succeeded)]
    #[case("pending", RefundState::Pending)]
    #[case("requires_action", RefundState::Pending)]
    #[case("of_tomorrow", RefundState::Pending)]
    #[case("failed", RefundState::Failed)]
    #[case("canceled", RefundState::Failed)]
    fn a_refunds_status_is_a_state(#[case] status: &str, #[case] state: RefundState) {
        let object =
            json!({ "id": "re_1", "amount": 5, "status": status, "created": 1, "payment_intent": { "id": "pi_1" } });
        let facts = refund(&object).unwrap();
        assert_eq!((facts.state, facts.payment_intent.as_deref(), facts.ours), (state, Some("pi_1"), None));
    }

    #[rstest]
    #[case("warning_needs_response", DisputeState::Open)]
    #[case("needs_response", DisputeState::Open)]
    #[case("under_review", DisputeState::Open)]
    #[case("of_tomorrow", DisputeState::Open)]
    #[case("won", DisputeState::Won)]
    #[case("warning_closed", DisputeState::Won)]
    #[case("prevented", DisputeState::Won)]
    #[case("lost", DisputeState::Lost)]
    fn a_disputes_status_is_a_state(#[case] status: &str, #[case] state: DisputeState) {
        assert_eq!(decision(status), state);
    }

    #[rstest]
    #[case("open", "unpaid", None, None)]
    #[case("expired", "unpaid", None, Some(SessionEvent::Expired))]
    #[case("complete", "paid", Some("succeeded"), Some(SessionEvent::Completed))]
    #[case("complete", "unpaid", Some("processing"), Some(SessionEvent::Completed))]
    #[case("complete", "unpaid", Some("requires_payment_method"), Some(SessionEvent::PaymentFailed))]
    fn a_session_that_is_asked_for_says_what_happened(
        #[case] status: &str,
        #[case] payment: &str,
        #[case] intent: Option<&str>,
        #[case] word: Option<SessionEvent>,
    ) {
        let object = json!({ "id": "cs_1", "status": status, "payment_status": payment,
                             "payment_intent": intent.map(|status| json!({ "id": "pi_1", "status": status })) });
        assert_eq!(session(&object).unwrap().map(|(word, _)| word), word);
    }

    #[test]
    fn a_charge_tells_its_refunds_or_does_not() {
        let refund = json!({ "id": "re_1", "amount": 5, "status": "succeeded", "created": 1 });
        let mut object = json!({ "amount_refunded": 5, "payment_intent": "pi_1", "refunds": { "data": [refund], "has_more": false } });
        let told = charge(&object).unwrap().refunds.unwrap();
        assert_eq!(told[0].payment_intent.as_deref(), Some("pi_1"));
        object["refunds"]["has_more"] = json!(true);
        assert_eq!(charge(&object).unwrap().refunds, None);
        object["refunds"] = Value::Null;
        assert_eq!(charge(&object).unwrap().refunds, None);
    }

    #[test]
    fn what_changes_nothing_is_not_read() {
        assert_eq!(read("customer.created", &Value::Null).unwrap(), None);
        assert!(read("charge.refunded", &json!({})).is_err());
    }
}
