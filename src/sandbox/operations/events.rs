//! Events: what happened, told to the webhook until it listens, and readable afterwards.
//!
//! The object is <https://docs.stripe.com/api/events/object>.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    api::request::{API_VERSION, Call},
    store::{Data, Sandbox, new_id},
    table::Row,
};

#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub created: i64,
    /// `checkout.session.completed` and the like: <https://docs.stripe.com/api/events/types>.
    pub kind: String,
    /// The object as it was at that moment.
    object: Value,
    /// What of it was different before.
    #[serde(default)]
    previous: Option<Value>,
    /// The API request that caused it; none when a page did.
    request: Option<String>,
    idempotency_key: Option<String>,
    /// The session that it is about, for the dashboard.
    pub session: String,
    pub delivery: Delivery,
}

/// How far the webhook knows of an event.
#[derive(Debug, Serialize, Deserialize)]
pub struct Delivery {
    pub tries: usize,
    /// When to try next, in milliseconds since 1970; nothing when delivered or given up.
    pub next_ms: Option<i64>,
    pub delivered: bool,
    /// How the last try ended, for people.
    pub last: Option<String>,
}

impl Delivery {
    /// To be tried at once.
    pub const fn due() -> Self {
        Self { tries: 0, next_ms: Some(0), delivered: false, last: None }
    }
}

impl Row for Event {
    const NOUN: &'static str = "event";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Event {
    pub fn json(&self) -> Value {
        let mut data = json!({ "object": self.object });
        if let Some(previous) = &self.previous {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id, "object": "event", "api_version": API_VERSION, "created": self.created, "data": data,
            "livemode": false,
            "pending_webhooks": i32::from(!self.delivery.delivered),
            "request": { "id": self.request, "idempotency_key": self.idempotency_key }, "type": self.kind,
        })
    }
}

impl Data {
    /// Records an event and leaves it to be delivered.
    pub fn announce(&mut self, kind: &str, object: Value, session: &str, now: i64, call: Option<&Call>) {
        self.record(kind, (object, None), session, now, call);
    }

    /// Records that an object changed, with what was different before.
    pub fn announce_change(
        &mut self,
        kind: &str,
        object: Value,
        previous: Value,
        session: &str,
        now: i64,
        call: Option<&Call>,
    ) {
        self.record(kind, (object, Some(previous)), session, now, call);
    }

    fn record(
        &mut self,
        kind: &str,
        (object, previous): (Value, Option<Value>),
        session: &str,
        now: i64,
        call: Option<&Call>,
    ) {
        let event = Event {
            id: new_id("evt_"),
            created: now,
            kind: kind.to_owned(),
            object,
            previous,
            request: call.map(|call| call.request_id.clone()),
            idempotency_key: call.and_then(|call| call.idempotency_key.clone()),
            session: session.to_owned(),
            delivery: Delivery::due(),
        };
        self.events.insert(event);
    }
}

/// `GET /v1/events/:id`: <https://docs.stripe.com/api/events/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, call: Call) -> Response {
    sandbox.show(call, |data, call| {
        call.form.finish()?;
        Ok(data.events.get(&id, "id")?.json())
    })
}

/// `GET /v1/events`: <https://docs.stripe.com/api/events/list>. A `type` may end in `.*`.
pub async fn list(State(sandbox): State<Sandbox>, call: Call) -> Response {
    sandbox.show(call, |data, Call { mut form, .. }| {
        let mut kinds = form.texts("types")?;
        kinds.extend(form.text("type")?);
        let delivered = form.flag("delivery_success")?;
        let fits = |event: &Event| {
            let named = |kind: &String| match kind.strip_suffix('*') {
                Some(family) => event.kind.starts_with(family),
                None => *kind == event.kind,
            };
            (kinds.is_empty() || kinds.iter().any(named))
                && delivered.is_none_or(|delivered| delivered == event.delivery.delivered)
        };
        let page = data.events.page(&mut form, "/v1/events", fits, Event::json)?;
        form.finish()?;
        Ok(page)
    })
}
