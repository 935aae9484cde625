//! Stripe's events: the envelope that every API version has, and the parsed object.
//!
//! <https://docs.stripe.com/api/events/object>

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::stripe::objects::{self, StripeObject};

/// An event, parsed. An event of a type or of an API version that we do not parse is an event too: it is stored and changes nothing.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    /// Stripe's `type`, such as `checkout.session.completed`.
    pub kind: String,
    pub occurred_at: DateTime<Utc>,
    /// The whole event as it was sent, without NUL characters.
    pub payload: Value,
    /// `None` for types that change nothing here.
    pub object: Option<StripeObject>,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// Seconds; text in the events of Stripe's second API, which change nothing here.
    #[serde(default)]
    created: Value,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

impl Envelope {
    /// Whether an id by which events are found is longer than the database's indexes take. No id of Stripe's is, and sending the event
    /// again would not help.
    fn has_oversized_ids(&self) -> bool {
        const MAX_ID_CHARS: usize = 2000;
        let object = &self.data.object;
        let oversized = |value: Option<&Value>| value.is_some_and(|value| value.to_string().len() > MAX_ID_CHARS);
        self.id.len() > MAX_ID_CHARS || oversized(object.get("id")) || oversized(object.get("payment_intent"))
    }
}

impl Event {
    /// Parses an event. `None` when it has no envelope, or ids that cannot be stored. An object of a type that we act on, but of another
    /// shape, is [`StripeObject::Unreadable`].
    pub fn parse(mut payload: Value) -> Option<Self> {
        replace_nul(&mut payload);
        let envelope = Envelope::deserialize(&payload).ok().filter(|envelope| !envelope.has_oversized_ids())?;
        let Envelope { id, kind, created, data } = envelope;
        let object = objects::parse_event_object(&kind, &data.object).unwrap_or_else(|error| {
            let error = objects::describe_error(&error);
            tracing::error!(event = id, kind, error, "Could not parse the object of a Stripe event");
            Some(StripeObject::Unreadable)
        });
        let occurred_at = objects::from_unix_seconds(created.as_i64().unwrap_or_default());
        Some(Self { id, kind, occurred_at, payload, object })
    }
}

/// Replaces NUL characters, which PostgreSQL cannot store.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(values) => values.iter_mut().for_each(replace_nul),
        Value::Object(fields) => {
            fields.values_mut().for_each(replace_nul);
            if fields.keys().any(|name| name.contains('\0')) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(name, value)| (name.replace('\0', "\u{fffd}"), value))
                    .collect();
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_of_another_type_or_api_version_is_parsed_without_an_object() {
        let event = Event::parse(json!({ "id": "evt_1", "type": "v2.core.account.updated", "created": "2026-01-01" }));
        let event = event.expect("an envelope");
        assert_eq!((event.id.as_str(), event.object), ("evt_1", None));
        assert_eq!(event.occurred_at, DateTime::UNIX_EPOCH);
    }

    #[test]
    fn an_object_of_an_unknown_shape_is_unreadable() {
        let object = json!({ "id": "re_1", "amount": "five dollars" });
        let event = Event::parse(json!({ "id": "evt_1", "type": "refund.created", "data": { "object": object } }));
        assert_eq!(event.expect("an envelope").object, Some(StripeObject::Unreadable));
    }

    #[test]
    fn a_payload_without_an_envelope_or_with_an_oversized_id_is_no_event() {
        assert!(Event::parse(json!({ "type": "refund.created" })).is_none());
        let object = json!({ "id": "x".repeat(3000) });
        assert!(Event::parse(json!({ "id": "evt_1", "type": "a", "data": { "object": object } })).is_none());
    }

    #[test]
    fn nul_characters_are_replaced_in_names_and_values() {
        let event = Event::parse(json!({ "id": "evt_1", "type": "a", "list": [{ "na\0me": "va\0lue" }] }));
        assert_eq!(event.expect("an envelope").payload["list"], json!([{ "na\u{fffd}me": "va\u{fffd}lue" }]));
    }
}
