//! The fields of Stripe's objects that we use, parsed from events and from API responses alike, independently of the API version.
//!
//! They are parsed by hand, because async-stripe's types are those of one version: an event has the version of its endpoint, and a
//! single field that differs from the type would reject a payment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    id::AttemptId,
    platform::clock,
    stripe::states::{DisputeState, RefundState},
};

/// The metadata key under which a refund at Stripe has the id of our own row.
pub const REFUND_ID_KEY: &str = "refund";

/// A parsed object of an event or of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StripeObject {
    Session(SessionEvent, SessionFacts),
    Refund(RefundFacts),
    Charge(ChargeFacts),
    Dispute(DisputeFacts),
    /// An object of a type that we act on, but of an unknown shape.
    Unreadable,
}

/// What happened to a session, from the type of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    Completed,
    PaymentFailed,
    Expired,
}

/// The fields of a Checkout Session. <https://docs.stripe.com/api/checkout/sessions/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    pub id: String,
    /// `client_reference_id`.
    pub attempt: Option<AttemptId>,
    /// Whether Stripe's status is `paid` or `no_payment_required`. Any other status means that no money has arrived.
    pub paid: bool,
    /// In the currency's smallest unit.
    pub amount_total: i64,
    pub currency: String,
    pub payment_intent: Option<String>,
}

/// The fields of a refund, made here or in Stripe's dashboard. <https://docs.stripe.com/api/refunds/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    pub id: String,
    pub amount: i64,
    pub state: RefundState,
    /// Why it failed, as a sentence for people.
    pub failure: &'static str,
    pub payment_intent: Option<String>,
    /// The id of our own row, when the refund was made here.
    pub our_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
}

/// The fields of a charge that was refunded. <https://docs.stripe.com/api/charges/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeFacts {
    pub payment_intent: Option<String>,
    pub amount_refunded: i64,
    /// Its refunds, when the object contains all of them.
    pub refunds: Option<Vec<RefundFacts>>,
}

/// The fields of a dispute. <https://docs.stripe.com/api/disputes/object>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeFacts {
    pub id: String,
    pub amount: i64,
    /// Stripe's identifiers.
    pub reason: String,
    pub status: String,
    pub state: DisputeState,
    pub payment_intent: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl StripeObject {
    /// The payment intent of the object. Events of one payment are serialized by it.
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

/// Parses an event's object. `None` for types that change nothing here.
///
/// # Errors
/// When a field that we need is missing or has another type.
pub fn parse_event_object(kind: &str, object: &Value) -> serde_json::Result<Option<StripeObject>> {
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
            let facts = parse_refund(object)?;
            let failure = if facts.failure.is_empty() { BANK_DECLINED } else { facts.failure };
            Some(StripeObject::Refund(RefundFacts { state: RefundState::Failed, failure, ..facts }))
        }
        "refund.created" | "refund.updated" | "charge.refund.updated" => {
            Some(StripeObject::Refund(parse_refund(object)?))
        }
        "charge.refunded" => Some(StripeObject::Charge(parse_charge(object)?)),
        kind if kind.starts_with("charge.dispute.") => Some(StripeObject::Dispute(parse_dispute(object)?)),
        _ => None,
    })
}

/// Parses a session from an API response, with what its own status says happened. `None` while it is open.
///
/// # Errors
/// As [`parse_event_object`].
pub fn parse_session(object: &Value) -> serde_json::Result<Option<(SessionEvent, SessionFacts)>> {
    let session = Session::deserialize(object)?;
    // The payment intent has to be expanded for this: a session does not contain that the bank declined.
    let declined = matches!(payment_intent_status(object), Some("requires_payment_method" | "canceled"));
    let event = match session.status.as_deref() {
        Some("expired") => SessionEvent::Expired,
        Some("complete") if session.payment_status == "unpaid" && declined => SessionEvent::PaymentFailed,
        Some("complete") => SessionEvent::Completed,
        _ => return Ok(None),
    };
    Ok(Some((event, session.facts())))
}

fn payment_intent_status(session: &Value) -> Option<&str> {
    session.get("payment_intent")?.get("status")?.as_str()
}

#[derive(Deserialize)]
struct Session {
    id: String,
    client_reference_id: Option<String>,
    status: Option<String>,
    payment_status: String,
    amount_total: Option<i64>,
    currency: Option<String>,
    #[serde(default, deserialize_with = "id_or_object")]
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

/// Parses a refund.
///
/// # Errors
/// As [`parse_event_object`].
pub fn parse_refund(object: &Value) -> serde_json::Result<RefundFacts> {
    #[derive(Deserialize)]
    struct Refund {
        id: String,
        amount: i64,
        status: Option<String>,
        #[serde(default, deserialize_with = "id_or_object")]
        payment_intent: Option<String>,
        created: i64,
    }
    let Refund { id, amount, status, payment_intent, created } = Refund::deserialize(object)?;
    let (state, failure) = refund_state(status.as_deref());
    let our_id = object.get("metadata").and_then(|metadata| metadata.get(REFUND_ID_KEY)).and_then(Value::as_str);
    let our_id = our_id.and_then(|id| id.parse().ok());
    let created_at = from_unix_seconds(created);
    Ok(RefundFacts { id, amount, state, failure, payment_intent, our_id, created_at })
}

const BANK_DECLINED: &str = "The buyer's bank did not accept the refund.";

/// Maps a refund's status to our state, and to the sentence that says why it failed.
/// <https://docs.stripe.com/refunds#refund-statuses>: `requires_action` waits for the buyer, as `pending` does for the bank.
fn refund_state(status: Option<&str>) -> (RefundState, &'static str) {
    match status {
        Some("succeeded") => (RefundState::Succeeded, ""),
        Some("failed") => (RefundState::Failed, BANK_DECLINED),
        Some("canceled") => (RefundState::Failed, "The refund was cancelled at Stripe."),
        _ => (RefundState::Pending, ""),
    }
}

fn parse_charge(object: &Value) -> serde_json::Result<ChargeFacts> {
    #[derive(Deserialize)]
    struct Charge {
        amount_refunded: i64,
        #[serde(default, deserialize_with = "id_or_object")]
        payment_intent: Option<String>,
    }
    let Charge { amount_refunded, payment_intent } = Charge::deserialize(object)?;
    // Newer API versions do not contain the refunds, and none contains more than the first ten.
    let complete = object.pointer("/refunds/has_more").and_then(Value::as_bool) == Some(false);
    let list = object.pointer("/refunds/data").and_then(Value::as_array).filter(|list| complete && !list.is_empty());
    let refunds = match list {
        None => None,
        Some(list) => {
            let mut refunds = list.iter().map(parse_refund).collect::<serde_json::Result<Vec<_>>>()?;
            for refund in &mut refunds {
                refund.payment_intent = refund.payment_intent.take().or_else(|| payment_intent.clone());
            }
            Some(refunds)
        }
    };
    Ok(ChargeFacts { payment_intent, amount_refunded, refunds })
}

/// Parses a dispute.
///
/// # Errors
/// As [`parse_event_object`].
pub fn parse_dispute(object: &Value) -> serde_json::Result<DisputeFacts> {
    #[derive(Deserialize)]
    struct Dispute {
        id: String,
        amount: i64,
        #[serde(default)]
        reason: Option<String>,
        status: String,
        #[serde(default, deserialize_with = "id_or_object")]
        payment_intent: Option<String>,
        created: i64,
    }
    let Dispute { id, amount, reason, status, payment_intent, created } = Dispute::deserialize(object)?;
    let state = dispute_state(&status);
    Ok(DisputeFacts {
        id,
        amount,
        reason: reason.unwrap_or_default(),
        status,
        state,
        payment_intent,
        created_at: from_unix_seconds(created),
    })
}

/// Maps a dispute's status to our state. A closed inquiry and a prevented dispute withdraw nothing by themselves; what was refunded
/// instead is a refund. An unknown status counts as open.
fn dispute_state(status: &str) -> DisputeState {
    match status {
        "won" | "warning_closed" | "prevented" | "charge_refunded" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        _ => DisputeState::Open,
    }
}

/// Converts a timestamp of Stripe's, in seconds.
pub fn from_unix_seconds(seconds: i64) -> DateTime<Utc> {
    clock::from_unix_millis(seconds.saturating_mul(1000))
}

/// Deserializes an id, or takes it from the object where the field is expanded.
fn id_or_object<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(value)? {
        Value::String(id) => Some(id),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    })
}

/// Describes a parse error for the log without the value that was found, which may be a person's e-mail address.
pub fn describe_error(error: &serde_json::Error) -> String {
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
    #[case("unknown_status", RefundState::Pending)]
    #[case("failed", RefundState::Failed)]
    #[case("canceled", RefundState::Failed)]
    fn a_refund_status_maps_to_a_state(#[case] status: &str, #[case] state: RefundState) {
        let object =
            json!({ "id": "re_1", "amount": 5, "status": status, "created": 1, "payment_intent": { "id": "pi_1" } });
        let facts = parse_refund(&object).unwrap();
        assert_eq!((facts.state, facts.payment_intent.as_deref(), facts.our_id), (state, Some("pi_1"), None));
    }

    #[rstest]
    #[case("warning_needs_response", DisputeState::Open)]
    #[case("needs_response", DisputeState::Open)]
    #[case("under_review", DisputeState::Open)]
    #[case("unknown_status", DisputeState::Open)]
    #[case("won", DisputeState::Won)]
    #[case("warning_closed", DisputeState::Won)]
    #[case("prevented", DisputeState::Won)]
    #[case("lost", DisputeState::Lost)]
    fn a_dispute_status_maps_to_a_state(#[case] status: &str, #[case] state: DisputeState) {
        assert_eq!(dispute_state(status), state);
    }

    #[rstest]
    #[case("open", "unpaid", None, None)]
    #[case("expired", "unpaid", None, Some(SessionEvent::Expired))]
    #[case("complete", "paid", Some("succeeded"), Some(SessionEvent::Completed))]
    #[case("complete", "unpaid", Some("processing"), Some(SessionEvent::Completed))]
    #[case("complete", "unpaid", Some("requires_payment_method"), Some(SessionEvent::PaymentFailed))]
    fn a_retrieved_session_says_what_happened(
        #[case] status: &str,
        #[case] payment: &str,
        #[case] intent: Option<&str>,
        #[case] expected: Option<SessionEvent>,
    ) {
        let object = json!({ "id": "cs_1", "status": status, "payment_status": payment,
                             "payment_intent": intent.map(|status| json!({ "id": "pi_1", "status": status })) });
        assert_eq!(parse_session(&object).unwrap().map(|(event, _)| event), expected);
    }

    #[test]
    fn the_refunds_of_a_charge_count_only_when_complete() {
        let refund = json!({ "id": "re_1", "amount": 5, "status": "succeeded", "created": 1 });
        let mut object = json!({ "amount_refunded": 5, "payment_intent": "pi_1", "refunds": { "data": [refund], "has_more": false } });
        let refunds = parse_charge(&object).unwrap().refunds.unwrap();
        assert_eq!(refunds[0].payment_intent.as_deref(), Some("pi_1"));
        object["refunds"]["has_more"] = json!(true);
        assert_eq!(parse_charge(&object).unwrap().refunds, None);
        object["refunds"] = Value::Null;
        assert_eq!(parse_charge(&object).unwrap().refunds, None);
    }

    #[test]
    fn objects_of_other_event_types_are_not_parsed() {
        assert_eq!(parse_event_object("customer.created", &Value::Null).unwrap(), None);
        assert!(parse_event_object("charge.refunded", &json!({})).is_err());
    }
}
