//! Creating, retrieving and finding refunds at Stripe.

use std::collections::HashMap;

use serde_json::Value;
use stripe_core::refund::CreateRefund;
pub use stripe_core::refund::CreateRefundReason as RefundReason;
use uuid::Uuid;

use crate::{
    money::Cents,
    stripe::{
        client::{Stripe, StripeError, parse_error, to_json},
        lists::List,
        objects::{self, REFUND_ID_KEY, RefundFacts},
    },
};

/// The parameters of a refund.
pub struct NewRefund<'a> {
    pub payment_intent: &'a str,
    pub amount: Cents,
    pub reason: RefundReason,
    /// The id of our own row: idempotency key and metadata.
    pub key: Uuid,
}

impl Stripe {
    /// Creates a refund. The key is the id of our own row, so that a retry is the same refund.
    /// <https://docs.stripe.com/api/refunds/create>
    ///
    /// # Errors
    /// Stripe's, after three attempts where a retry is safe.
    pub async fn create_refund(&self, new: NewRefund<'_>) -> Result<RefundFacts, StripeError> {
        let key = new.key.to_string();
        let request = CreateRefund::new()
            .payment_intent(new.payment_intent)
            .amount(new.amount.0)
            .reason(new.reason)
            .metadata(HashMap::from([(REFUND_ID_KEY.to_owned(), key.clone())]));
        let refund: miniserde::json::Value = self.post(&request, &format!("refund-{key}")).await?;
        parse(&to_json(&refund)?)
    }

    /// Retrieves a refund by Stripe's id. <https://docs.stripe.com/api/refunds/retrieve>
    ///
    /// # Errors
    /// Stripe's, after three attempts.
    pub async fn retrieve_refund(&self, id: &str) -> Result<RefundFacts, StripeError> {
        parse(&self.retrieve(List::Refunds, id).await?)
    }

    /// Finds the refund of our row `key` among those of its payment. Stripe may remove an idempotency key after a day, but stores the
    /// metadata of a refund for good.
    ///
    /// # Errors
    /// Stripe's, after three attempts.
    pub async fn find_refund(&self, payment_intent: &str, key: Uuid) -> Result<Option<RefundFacts>, StripeError> {
        let all = self.list_refunds_of(payment_intent).await?;
        let facts = all.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(facts.into_iter().find(|refund| refund.our_id == Some(key)))
    }
}

fn parse(object: &Value) -> Result<RefundFacts, StripeError> {
    objects::parse_refund(object).map_err(parse_error)
}
