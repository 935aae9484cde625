//! Queries over the data: objects by id, and the objects that belong to another one.

use serde_json::{Value, json};

use crate::sandbox::{
    data::Data,
    model::{
        charge::{Charge, ChargeStatus},
        checkout_session::CheckoutSession,
        dispute::Dispute,
        payment_intent::PaymentIntent,
        product::{Price, Product},
        refund::Refund,
    },
};

impl Data {
    /// Renders the object with an id, whose prefix names the type.
    pub fn render(&self, id: &str) -> Option<Value> {
        match id.split_once('_')?.0 {
            "cs" => self.sessions.find(id).map(CheckoutSession::json),
            "pi" => self.intents.find(id).map(PaymentIntent::json),
            "ch" => self.charges.find(id).map(Charge::json),
            "du" => self.disputes.find(id).map(Dispute::json),
            "re" => self.refunds.find(id).map(Refund::json),
            "price" => self.prices.find(id).map(Price::json),
            "prod" => self.products.find(id).map(Product::json),
            _ => None,
        }
    }

    /// Renders a session's line items as the list that the session is expanded with.
    pub fn render_line_items(&self, session: &CheckoutSession) -> Value {
        let items: Vec<_> = session.line_items.iter().map(|item| item.json(self.prices.find(&item.price))).collect();
        let url = format!("/v1/checkout/sessions/{}/line_items", session.id);
        json!({ "object": "list", "data": items, "has_more": false, "url": url })
    }

    /// Renders a charge's refunds, newest first, as the list that the charge is expanded with.
    pub fn render_refunds(&self, charge: &str) -> Value {
        let refunds: Vec<_> =
            self.refunds.rows().iter().rev().filter(|refund| refund.charge == charge).map(Refund::json).collect();
        json!({ "object": "list", "data": refunds, "has_more": false, "url": format!("/v1/charges/{charge}/refunds") })
    }

    /// Returns the id of the session that a payment intent belongs to.
    pub fn session_of_intent(&self, intent: &str) -> String {
        self.intents.find(intent).map(|intent| intent.session.clone()).unwrap_or_default()
    }

    /// Returns the charge that paid for a session.
    pub fn paid_charge(&self, session: &str) -> Option<&Charge> {
        let intent = self.intents.find(self.sessions.find(session)?.payment_intent.as_ref()?)?;
        let charge = self.charges.find(intent.latest_charge.as_ref()?)?;
        (charge.status == ChargeStatus::Succeeded).then_some(charge)
    }
}
