//! What is forgotten, so that a sandbox can run for months: events after thirty days, as at Stripe, answers after a day, and the
//! oldest of everything when there is very much of it.

use std::collections::HashSet;

use crate::sandbox::{
    model::checkout_session::Status,
    store::Data,
    table::{Row, Table},
};

const DAY: i64 = 24 * 60 * 60;
/// Stripe shows events for this long.
const EVENTS_KEPT: i64 = 30 * DAY;
const ANSWERS_KEPT: i64 = DAY;

/// The most rows of a kind; a tenth more are let in before the oldest go.
const MOST_SESSIONS: usize = 20_000;
const MOST_EVENTS: usize = 100_000;
const MOST_ANSWERS: usize = 50_000;

impl Data {
    /// Forgets what is old or too much, and says whether there was any.
    pub fn forget(&mut self, now: i64) -> bool {
        self.forget_with(now, MOST_SESSIONS, MOST_EVENTS, MOST_ANSWERS)
    }

    fn forget_with(&mut self, now: i64, sessions: usize, events: usize, answers: usize) -> bool {
        let mut forgot = false;
        if self.events.rows().first().is_some_and(|event| event.created <= now - EVENTS_KEPT) {
            self.events.retain(|event| event.created > now - EVENTS_KEPT);
            forgot = true;
        }
        forgot |= keep_newest(&mut self.events, events, |_| true);
        forgot |= self.forget_sessions(sessions);
        forgot | self.forget_answers(now, answers)
    }

    /// The oldest sessions that are over, with what hangs on them.
    fn forget_sessions(&mut self, most: usize) -> bool {
        if !keep_newest(&mut self.sessions, most, |session| session.status != Status::Open) {
            return false;
        }
        let sessions: HashSet<_> = self.sessions.rows().iter().map(|session| session.id.clone()).collect();
        self.intents.retain(|intent| sessions.contains(&intent.session));
        let intents: HashSet<_> = self.intents.rows().iter().map(|intent| intent.id.clone()).collect();
        self.charges.retain(|charge| intents.contains(&charge.payment_intent));
        self.refunds.retain(|refund| intents.contains(&refund.payment_intent));
        self.disputes.retain(|dispute| intents.contains(&dispute.payment_intent));
        let items = || self.sessions.rows().iter().flat_map(|session| &session.items);
        let prices: HashSet<_> = items().map(|item| item.price.clone()).collect();
        self.prices.retain(|price| prices.contains(price.id()));
        let products: HashSet<_> = self.prices.rows().iter().map(|price| price.product.clone()).collect();
        self.products.retain(|product| products.contains(product.id()));
        true
    }

    fn forget_answers(&mut self, now: i64, most: usize) -> bool {
        if self.answers.len() <= most + most / 10 {
            return false;
        }
        let mut ages: Vec<_> = self.answers.values().map(|answer| answer.created).collect();
        ages.sort_unstable();
        let oldest = ages[ages.len() - most].max(now - ANSWERS_KEPT);
        self.answers.retain(|_, answer| answer.created >= oldest);
        true
    }
}

/// Drops the oldest rows that may go, when there are more than a tenth too many.
fn keep_newest<T: Row>(table: &mut Table<T>, most: usize, may_go: impl Fn(&T) -> bool) -> bool {
    let count = table.rows().len();
    if count <= most + most / 10 {
        return false;
    }
    let mut surplus = count - most;
    table.retain(|row| {
        let goes = surplus > 0 && may_go(row);
        surplus -= usize::from(goes);
        !goes
    });
    table.rows().len() < count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::checkout_session::Session;
    use serde_json::json;

    fn session(number: usize, status: &str) -> Session {
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
    fn the_oldest_sessions_go_but_none_that_is_open() {
        let status = |number| if number == 3 { "open" } else { "complete" };
        let mut data =
            Data { sessions: (0..12).map(|number| session(number, status(number))).collect(), ..Data::default() };
        assert!(!data.forget_with(0, 11, 100, 100), "a tenth more are let in");
        assert!(data.forget_with(0, 5, 100, 100));
        let left: Vec<_> = data.sessions.rows().iter().map(|session| session.id.as_str()).collect();
        assert_eq!(left, ["cs_3", "cs_8", "cs_9", "cs_10", "cs_11"]);
        assert!(data.sessions.find("cs_9").is_some(), "they are found by id as before");
    }
}
