//! Recording of events, which makes them due for delivery.

use serde_json::Value;

use crate::sandbox::{
    data::Data,
    error::Result,
    ids::new_id,
    model::event::{Delivery, Event, RequestInfo},
};

impl Data {
    /// Records an event about an object of a checkout session, due for delivery immediately.
    pub fn record_event(
        &mut self,
        kind: &str,
        object: Value,
        session: &str,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) {
        self.insert_event(kind, (object, None), session, now, caused_by);
    }

    /// Records an event that replaced attributes of an object, with their previous values.
    pub fn record_change_event(
        &mut self,
        kind: &str,
        object: Value,
        previous_attributes: Value,
        session: &str,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) {
        self.insert_event(kind, (object, Some(previous_attributes)), session, now, caused_by);
    }

    fn insert_event(
        &mut self,
        kind: &str,
        (object, previous_attributes): (Value, Option<Value>),
        session: &str,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) {
        self.events.insert(Event {
            id: new_id("evt_"),
            created: now,
            kind: kind.to_owned(),
            object,
            previous_attributes,
            request_id: caused_by.map(|request| request.id.clone()),
            idempotency_key: caused_by.and_then(|request| request.idempotency_key.clone()),
            session: session.to_owned(),
            delivery: Delivery::due(),
        });
    }

    /// Makes an event due for delivery again.
    ///
    /// # Errors
    /// 404 for an unknown event.
    pub fn resend_event(&mut self, id: &str) -> Result<()> {
        self.events.get_mut(id, "event")?.delivery = Delivery::due();
        Ok(())
    }
}
