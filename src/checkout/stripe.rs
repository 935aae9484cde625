//! The one client of Stripe. Where it calls is an address; the sandbox and Stripe are told apart by nothing else.

use std::{collections::HashMap, time::Duration};

pub use stripe::StripeError;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, ProductData,
};
use stripe_client_core::{RequestBuilder, StripeMethod};
pub use stripe_core::refund::CreateRefundReason as RefundReason;
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use stripe_shared::{CheckoutSession, CheckoutSessionMode, Refund};
use stripe_types::Currency;
use time::OffsetDateTime;

use super::AttemptId;
use crate::{money::Cents, server::config::StripeConfig};

/// Stripe may take its time; a buyer may not have to.
const TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

#[derive(Clone)]
pub struct Stripe {
    client: Client,
}

/// What a Checkout Session is made from, all of it kept with the attempt: the same attempt makes the same call.
pub struct NewSession {
    pub attempt: AttemptId,
    pub name: String,
    pub image: Option<String>,
    /// Why the amount is less than the list price.
    pub note: Option<String>,
    pub amount: Cents,
    pub email: String,
    /// Page addresses; Stripe puts the session's id for `{CHECKOUT_SESSION_ID}`.
    pub success_url: String,
    pub cancel_url: String,
    pub expires_at: OffsetDateTime,
}

/// Money to send back of a payment.
pub struct NewRefund<'a> {
    pub payment_intent: &'a str,
    pub amount: Cents,
    pub reason: RefundReason,
    /// The id of our own row.
    pub key: uuid::Uuid,
}

/// Under this name Stripe keeps the id of our own row with a refund.
const OURS: &str = "refund";

impl Stripe {
    /// # Errors
    /// When the configured address is none.
    pub fn new(config: &StripeConfig) -> anyhow::Result<Self> {
        let mut builder = ClientBuilder::new(config.secret_key.clone()).timeout(TIMEOUT);
        if let Some(base) = &config.api_base {
            builder = builder.url(format!("{}/", base.trim_end_matches('/')));
        }
        Ok(Self { client: builder.build()? })
    }

    /// Creates the Checkout Session of an attempt, or finds the one it has: the attempt's id is the idempotency key.
    /// <https://docs.stripe.com/api/checkout/sessions/create>
    ///
    /// # Errors
    /// Stripe's, after three tries where trying again is safe.
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
            .expires_at(new.expires_at.unix_timestamp());
        self.send(&request, &format!("session-{reference}")).await
    }

    /// Sends money back. The key is the id of our own row, so that a second try is the same refund.
    /// <https://docs.stripe.com/api/refunds/create>
    ///
    /// # Errors
    /// Stripe's, as above.
    pub async fn refund(&self, new: NewRefund<'_>) -> Result<Refund, StripeError> {
        let key = new.key.to_string();
        let request = CreateRefund::new()
            .payment_intent(new.payment_intent)
            .amount(new.amount.0)
            .reason(new.reason)
            .metadata(HashMap::from([(OURS.to_owned(), key.clone())]));
        self.send(&request, &format!("refund-{key}")).await
    }

    /// A refund that Stripe told the id of. <https://docs.stripe.com/api/refunds/retrieve>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn read_refund(&self, id: &str) -> Result<Refund, StripeError> {
        RetrieveRefund::new(id).send(&self.client).await
    }

    /// The refund of our own row `key`, if Stripe has it. Stripe forgets idempotency keys after a day; what it was told with a
    /// refund it keeps. <https://docs.stripe.com/api/refunds/list>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn find_refund(&self, payment_intent: &str, key: uuid::Uuid) -> Result<Option<Refund>, StripeError> {
        let all = ListRefund::new().payment_intent(payment_intent).limit(100).send(&self.client).await?;
        let ours = |refund: &Refund| {
            refund.metadata.as_ref().and_then(|told| told.get(OURS)).is_some_and(|told| *told == key.to_string())
        };
        Ok(all.data.into_iter().find(ours))
    }

    /// Of which country the card is that paid; nothing when it was no card. Only what decides is read, so that an answer of another
    /// version is one too. <https://docs.stripe.com/api/charges/object#charge_object-payment_method_details-card-country>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn read_card_country(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, format!("/payment_intents/{payment_intent}"));
        request.query = Some("expand[0]=latest_charge".into());
        let paid: PaidIntent = request.customize().send(&self.client).await?;
        let card = paid.latest_charge.and_then(|charge| charge.payment_method_details).and_then(|details| details.card);
        Ok(card.and_then(|card| card.country))
    }

    /// Tries again while nothing can have happened twice: every call carries its key.
    async fn send<R>(&self, request: &R, key: &str) -> Result<R::Output, StripeError>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        let key = IdempotencyKey::new(key).map_err(|error| StripeError::ClientError(error.to_string()))?;
        let mut tried = 1;
        loop {
            let strategy = RequestStrategy::Idempotent(key.clone());
            match request.customize().request_strategy(strategy).send(&self.client).await {
                Err(error) if tried < TRIES && passes(&error) => {
                    tracing::warn!(%error, tried, "Stripe did not answer as it should; trying again");
                    tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(tried - 1)).await;
                    tried += 1;
                }
                answer => return answer,
            }
        }
    }
}

#[derive(miniserde::Deserialize)]
struct PaidIntent {
    latest_charge: Option<PaidCharge>,
}

#[derive(miniserde::Deserialize)]
struct PaidCharge {
    payment_method_details: Option<PaidBy>,
}

#[derive(miniserde::Deserialize)]
struct PaidBy {
    card: Option<PaidCard>,
}

#[derive(miniserde::Deserialize)]
struct PaidCard {
    country: Option<String>,
}

/// Whether an error may be gone a moment later. <https://docs.stripe.com/error-low-level>
fn passes(error: &StripeError) -> bool {
    match error {
        StripeError::Stripe(_, status) => matches!(status, 409 | 429 | 500..=599),
        StripeError::ClientError(_) | StripeError::Timeout => true,
        StripeError::JSONDeserialize(_) | StripeError::ConfigError(_) => false,
    }
}
