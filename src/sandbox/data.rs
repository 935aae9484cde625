//! The data of the sandbox: one table per type of object. The state file is its JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::{
    model::{
        charge::Charge,
        checkout_session::CheckoutSession,
        dispute::Dispute,
        event::Event,
        idempotent_response::IdempotentResponse,
        payment_intent::PaymentIntent,
        product::{Price, Product},
        refund::Refund,
    },
    table::Table,
};

/// Everything that survives a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Data {
    pub products: Table<Product>,
    pub prices: Table<Price>,
    pub sessions: Table<CheckoutSession>,
    pub intents: Table<PaymentIntent>,
    pub charges: Table<Charge>,
    pub refunds: Table<Refund>,
    pub disputes: Table<Dispute>,
    pub events: Table<Event>,
    /// Stored responses by idempotency key.
    #[serde(rename = "answers")]
    pub idempotent_responses: BTreeMap<String, IdempotentResponse>,
}
