//! Fields of a payment's charge that we do not store: the card's country, and the URL of Stripe's receipt.
//!
//! Only these fields are parsed, so that a response of any API version can be read.

use crate::stripe::client::{Stripe, StripeError};

#[derive(miniserde::Deserialize)]
struct PaymentIntent {
    latest_charge: Option<Charge>,
}

#[derive(miniserde::Deserialize)]
struct Charge {
    receipt_url: Option<String>,
    payment_method_details: Option<PaymentMethodDetails>,
}

#[derive(miniserde::Deserialize)]
struct PaymentMethodDetails {
    card: Option<Card>,
}

#[derive(miniserde::Deserialize)]
struct Card {
    country: Option<String>,
}

impl Stripe {
    /// Retrieves the country of the card that paid. `None` when the payment method was not a card.
    /// <https://docs.stripe.com/api/charges/object#charge_object-payment_method_details-card-country>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn retrieve_card_country(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let charge = self.retrieve_charge(payment_intent).await?;
        let card = charge.and_then(|charge| charge.payment_method_details).and_then(|details| details.card);
        Ok(card.and_then(|card| card.country))
    }

    /// Retrieves the URL of Stripe's own receipt. It is not stored, because such a URL expires.
    /// <https://docs.stripe.com/api/charges/object#charge_object-receipt_url>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn retrieve_receipt_url(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        Ok(self.retrieve_charge(payment_intent).await?.and_then(|charge| charge.receipt_url))
    }

    async fn retrieve_charge(&self, payment_intent: &str) -> Result<Option<Charge>, StripeError> {
        let path = format!("/payment_intents/{payment_intent}");
        let intent: PaymentIntent = self.get_once(path, "expand[0]=latest_charge").await?;
        Ok(intent.latest_charge)
    }
}
