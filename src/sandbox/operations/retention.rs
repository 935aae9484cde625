//! Retention: deletes old data, so that a sandbox can run for months.
//!
//! Events are deleted after thirty days and idempotent responses after one day, as at Stripe; sessions only when there are too many.

use std::collections::HashSet;

use crate::sandbox::{
    data::Data,
    model::{checkout_session::SessionStatus, idempotent_response::IdempotentResponse},
    table::{Row, Table},
};

/// How long events are stored: <https://docs.stripe.com/api/events>.
const EVENT_RETENTION_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The most rows of a table. A tenth more are accepted, so that not every new row deletes an old one.
const MAX_SESSIONS: usize = 20_000;
const MAX_EVENTS: usize = 100_000;
const MAX_IDEMPOTENT_RESPONSES: usize = 50_000;

impl Data {
    /// Deletes rows that are too old or too many, and returns whether it deleted any.
    pub fn purge_expired(&mut self, now: i64) -> bool {
        self.purge(now, MAX_SESSIONS, MAX_EVENTS, MAX_IDEMPOTENT_RESPONSES)
    }

    fn purge(&mut self, now: i64, max_sessions: usize, max_events: usize, max_responses: usize) -> bool {
        let oldest = now - EVENT_RETENTION_SECONDS;
        let mut purged = false;
        if self.events.rows().first().is_some_and(|event| event.created <= oldest) {
            self.events.retain(|event| event.created > oldest);
            purged = true;
        }
        purged |= retain_newest(&mut self.events, max_events, |_| true);
        purged |= self.purge_sessions(max_sessions);
        purged | self.purge_idempotent_responses(now, max_responses)
    }

    /// Deletes the oldest sessions that are not open, with all objects that belong to them.
    fn purge_sessions(&mut self, max: usize) -> bool {
        if !retain_newest(&mut self.sessions, max, |session| session.status != SessionStatus::Open) {
            return false;
        }
        let sessions: HashSet<_> = self.sessions.rows().iter().map(|session| session.id.clone()).collect();
        self.intents.retain(|intent| sessions.contains(&intent.session));
        let intents: HashSet<_> = self.intents.rows().iter().map(|intent| intent.id.clone()).collect();
        self.charges.retain(|charge| intents.contains(&charge.payment_intent));
        self.refunds.retain(|refund| intents.contains(&refund.payment_intent));
        self.disputes.retain(|dispute| intents.contains(&dispute.payment_intent));
        let items = || self.sessions.rows().iter().flat_map(|session| &session.line_items);
        let prices: HashSet<_> = items().map(|item| item.price.clone()).collect();
        self.prices.retain(|price| prices.contains(price.id()));
        let products: HashSet<_> = self.prices.rows().iter().map(|price| price.product.clone()).collect();
        self.products.retain(|product| products.contains(product.id()));
        true
    }

    fn purge_idempotent_responses(&mut self, now: i64, max: usize) -> bool {
        if self.idempotent_responses.len() <= max + max / 10 {
            return false;
        }
        let mut times: Vec<_> = self.idempotent_responses.values().map(|response| response.created).collect();
        times.sort_unstable();
        let oldest = times[times.len() - max].max(now - IdempotentResponse::RETENTION_SECONDS);
        self.idempotent_responses.retain(|_, response| response.created >= oldest);
        true
    }
}

/// Deletes the oldest rows that `may_delete` allows, once there are more than a tenth too many.
fn retain_newest<T: Row>(table: &mut Table<T>, max: usize, may_delete: impl Fn(&T) -> bool) -> bool {
    let count = table.rows().len();
    if count <= max + max / 10 {
        return false;
    }
    let mut surplus = count - max;
    table.retain(|row| {
        let delete = surplus > 0 && may_delete(row);
        surplus -= usize::from(delete);
        !delete
    });
    table.rows().len() < count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::checkout_session::CheckoutSession;
    use serde_json::json;

    fn session(number: usize, status: &str) -> CheckoutSession {
        serde_json::from_value(json!({
            "id": format!("cs_{number}"), "created": number, "expires_at": 9, "status": status, "payment_status": "unpaid",
            "items": [], "currency": "usd", "amount": 100, "success_url": "", "cancel_url": null,
            "client_reference_id": null, "customer_email": null, "customer": null, "metadata": {},
            "payment_method_types": [], "payment_intent_data": { "metadata": {} }, "payment_intent": null,
            "repeated": {}, "page": "",
        }))
        .unwrap()
    }

    #[test]
    fn the_oldest_sessions_are_deleted_but_no_open_one() {
        let status = |number| if number == 3 { "open" } else { "complete" };
        let mut data =
            Data { sessions: (0..12).map(|number| session(number, status(number))).collect(), ..Data::default() };
        assert!(!data.purge(0, 11, 100, 100), "a tenth more are accepted");
        assert!(data.purge(0, 5, 100, 100));
        let left: Vec<_> = data.sessions.rows().iter().map(|session| session.id.as_str()).collect();
        assert_eq!(left, ["cs_3", "cs_8", "cs_9", "cs_10", "cs_11"]);
        assert!(data.sessions.find("cs_9").is_some(), "the remaining rows are still found by id");
    }
}
