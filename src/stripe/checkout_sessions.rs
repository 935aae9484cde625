//! Creating Checkout Sessions, Stripe's payment pages.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, ProductData,
};
use stripe_shared::{CheckoutSession, CheckoutSessionMode};
use stripe_types::Currency;

use crate::{
    id::AttemptId,
    money::Cents,
    stripe::client::{Stripe, StripeError},
};

/// The parameters of a Checkout Session. All of them are stored with the attempt, so that the same attempt makes the same request.
pub struct NewSession {
    pub attempt: AttemptId,
    pub name: String,
    pub image: Option<String>,
    /// Why the amount is less than the list price.
    pub note: Option<String>,
    pub amount: Cents,
    pub email: String,
    /// Page URLs; Stripe replaces `{CHECKOUT_SESSION_ID}` by the session's id.
    pub success_url: String,
    pub cancel_url: String,
    pub expires_at: DateTime<Utc>,
}

impl Stripe {
    /// Creates the Checkout Session of an attempt, or returns the one it has: the attempt's id is the idempotency key.
    /// <https://docs.stripe.com/api/checkout/sessions/create>
    ///
    /// # Errors
    /// Stripe's, after three attempts where a retry is safe.
    pub async fn create_session(&self, new: NewSession) -> Result<CheckoutSession, StripeError> {
        let reference = new.attempt.to_string();
        let metadata = HashMap::from([("attempt".to_owned(), reference.clone())]);
        let mut product = ProductData::new(new.name);
        product.images = new.image.map(|image| vec![image]);
        product.description = new.note;
        let mut price = CreateCheckoutSessionLineItemsPriceData::new(Currency::USD);
        price.unit_amount = Some(new.amount.0);
        price.product_data = Some(product);
        let mut item = CreateCheckoutSessionLineItems::new();
        item.price_data = Some(price);
        item.quantity = Some(1);
        let mut payment = CreateCheckoutSessionPaymentIntentData::new();
        payment.metadata = Some(metadata.clone());
        let request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .line_items(vec![item])
            .client_reference_id(reference.clone())
            .metadata(metadata)
            .payment_intent_data(payment)
            .customer_email(new.email)
            .success_url(new.success_url)
            .cancel_url(new.cancel_url)
            .expires_at(new.expires_at.timestamp());
        self.post(&request, &format!("session-{reference}")).await
    }
}
