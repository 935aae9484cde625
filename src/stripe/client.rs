//! The one client of Stripe. Where it calls is an address; the sandbox and Stripe are told apart by nothing else.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use miniserde::Deserialize;
use serde::Serialize;
use serde_json::Value;
pub use stripe::StripeError;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, ProductData,
};
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_core::refund::CreateRefund;
pub use stripe_core::refund::CreateRefundReason as RefundReason;
use stripe_shared::{CheckoutSession, CheckoutSessionMode};
use stripe_types::Currency;
use uuid::Uuid;

use crate::{
    id::AttemptId,
    money::Cents,
    platform::config::StripeConfig,
    stripe::objects::{self, OURS, RefundFacts},
};

/// Stripe may take its time; a buyer may not have to.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ATTEMPTS: u32 = 3;
/// Before the second try, and twice that before the third.
const RETRY_INTERVAL: Duration = Duration::from_millis(if cfg!(test) { 5 } else { 200 });

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
    pub expires_at: DateTime<Utc>,
}

/// Money to send back of a payment.
pub struct NewRefund<'a> {
    pub payment_intent: &'a str,
    pub amount: Cents,
    pub reason: RefundReason,
    /// The id of our own row.
    pub key: Uuid,
}

/// What is asked for of a list. async-stripe has a type for each list; all three are asked alike here. <https://docs.stripe.com/api/pagination>
#[derive(Default, Serialize)]
struct Asked<'a> {
    limit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Since>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_after: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    expand: &'a [&'a str],
}

#[derive(Clone, Copy, Serialize)]
struct Since {
    gte: i64,
}

/// A list that can be read, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Sessions,
    Refunds,
    Disputes,
}

impl List {
    const fn path(self) -> &'static str {
        match self {
            Self::Sessions => "/checkout/sessions",
            Self::Refunds => "/refunds",
            Self::Disputes => "/disputes",
        }
    }

    /// Only a session's payment says whether a bank said no.
    const fn expand(self) -> &'static [&'static str] {
        match self {
            Self::Sessions => &["data.payment_intent"],
            Self::Refunds | Self::Disputes => &[],
        }
    }
}

/// A part of a list. Its objects are read as events' are, whatever version of the API they are of.
pub struct Page {
    pub objects: Vec<Value>,
    /// Where it goes on.
    pub next: Option<String>,
}

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
            .expires_at(new.expires_at.timestamp());
        self.post(&request, &format!("session-{reference}")).await
    }

    /// Sends money back. The key is the id of our own row, so that a second try is the same refund.
    /// <https://docs.stripe.com/api/refunds/create>
    ///
    /// # Errors
    /// Stripe's, as above.
    pub async fn refund(&self, new: NewRefund<'_>) -> Result<RefundFacts, StripeError> {
        let key = new.key.to_string();
        let request = CreateRefund::new()
            .payment_intent(new.payment_intent)
            .amount(new.amount.0)
            .reason(new.reason)
            .metadata(HashMap::from([(OURS.to_owned(), key.clone())]));
        let made: miniserde::json::Value = self.post(&request, &format!("refund-{key}")).await?;
        as_refund(&plain(&made)?)
    }

    /// A refund that Stripe told the id of. <https://docs.stripe.com/api/refunds/retrieve>
    ///
    /// # Errors
    /// Stripe's, after three tries.
    pub async fn read_refund(&self, id: &str) -> Result<RefundFacts, StripeError> {
        as_refund(&self.read(List::Refunds, id).await?)
    }

    /// The refund of our own row `key`, if Stripe has it. Stripe forgets idempotency keys after a day; what it was told with a
    /// refund it keeps.
    ///
    /// # Errors
    /// Stripe's, after three tries.
    pub async fn find_refund(&self, payment_intent: &str, key: Uuid) -> Result<Option<RefundFacts>, StripeError> {
        let all = self.list_refunds_of(payment_intent).await?;
        let facts = all.iter().map(as_refund).collect::<Result<Vec<_>, _>>()?;
        Ok(facts.into_iter().find(|refund| refund.ours == Some(key)))
    }

    /// A page of a list: what was made since `since`, from after `after` on. <https://docs.stripe.com/api/checkout/sessions/list>,
    /// <https://docs.stripe.com/api/refunds/list>, <https://docs.stripe.com/api/disputes/list>
    ///
    /// # Errors
    /// Stripe's, after three tries.
    pub async fn list(&self, list: List, since: DateTime<Utc>, after: Option<String>) -> Result<Page, StripeError> {
        let created = Some(Since { gte: since.timestamp().max(0) });
        let asked = Asked { limit: 100, created, starting_after: after, expand: list.expand(), ..Asked::default() };
        self.page(list, &asked).await
    }

    /// All refunds of a payment.
    ///
    /// # Errors
    /// Stripe's, after three tries for each page.
    pub async fn list_refunds_of(&self, payment_intent: &str) -> Result<Vec<Value>, StripeError> {
        let (mut refunds, mut after) = (Vec::new(), None);
        loop {
            let asked = Asked {
                limit: 100,
                payment_intent: Some(payment_intent),
                starting_after: after.take(),
                ..Asked::default()
            };
            let page = self.page(List::Refunds, &asked).await?;
            refunds.extend(page.objects);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(refunds),
            }
        }
    }

    /// One session or dispute, as its list tells it.
    ///
    /// # Errors
    /// Stripe's, after three tries.
    pub async fn read(&self, list: List, id: &str) -> Result<Value, StripeError> {
        let expand: Vec<_> = list.expand().iter().filter_map(|path| path.strip_prefix("data.")).collect();
        // An empty list would be written as `expand=`, which is no list and is refused.
        let asked: HashMap<_, _> = [("expand", expand)].into_iter().filter(|(_, paths)| !paths.is_empty()).collect();
        self.get(&format!("{}/{id}", list.path()), &asked).await
    }

    async fn page(&self, list: List, asked: &Asked<'_>) -> Result<Page, StripeError> {
        let mut answer = self.get(list.path(), asked).await?;
        let more = answer.get("has_more").and_then(Value::as_bool).unwrap_or_default();
        let Some(Value::Array(objects)) = answer.get_mut("data").map(Value::take) else {
            return Err(StripeError::JSONDeserialize(format!("{} is no list", list.path())));
        };
        let last = objects.last().and_then(|last| last.get("id")).and_then(Value::as_str);
        let next = last.filter(|_| more).map(str::to_owned);
        Ok(Page { objects, next })
    }

    /// Reads something as it is. Reading can be done as often as one likes.
    async fn get(&self, path: &str, asked: &impl Serialize) -> Result<Value, StripeError> {
        let request = || RequestBuilder::new(StripeMethod::Get, path).query(asked);
        plain(&self.send(request, &RequestStrategy::Once).await?)
    }

    /// Of which country the card is that paid; nothing when it was no card. Only what decides is read, so that an answer of another
    /// version is one too. <https://docs.stripe.com/api/charges/object#charge_object-payment_method_details-card-country>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn read_card_country(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let charge = self.read_charge(payment_intent).await?;
        let card = charge.and_then(|charge| charge.payment_method_details).and_then(|details| details.card);
        Ok(card.and_then(|card| card.country))
    }

    /// Where Stripe shows its own receipt of a payment. It is asked for each time, because such an address ends after a while.
    /// <https://docs.stripe.com/api/charges/object#charge_object-receipt_url>
    ///
    /// # Errors
    /// Stripe's.
    pub async fn read_receipt_url(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        Ok(self.read_charge(payment_intent).await?.and_then(|charge| charge.receipt_url))
    }

    async fn read_charge(&self, payment_intent: &str) -> Result<Option<PaidCharge>, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, format!("/payment_intents/{payment_intent}"));
        request.query = Some("expand[0]=latest_charge".into());
        let paid: PaidIntent = request.customize().send(&self.client).await?;
        Ok(paid.latest_charge)
    }

    /// Writes under an idempotency key, with which nothing happens twice.
    async fn post<T: Deserialize>(&self, request: &impl StripeRequest, key: &str) -> Result<T, StripeError> {
        let key = IdempotencyKey::new(key).map_err(|error| StripeError::ClientError(error.to_string()))?;
        self.send(|| request.build(), &RequestStrategy::Idempotent(key)).await
    }

    /// Sends a request that may be repeated, up to three times. async-stripe's own retries would choose the key of each.
    async fn send<T: Deserialize>(
        &self,
        request: impl Fn() -> RequestBuilder,
        strategy: &RequestStrategy,
    ) -> Result<T, StripeError> {
        let mut tried = 1;
        loop {
            let request = request();
            let path = request.path.clone();
            match request.customize::<T>().request_strategy(strategy.clone()).send(&self.client).await {
                Err(error) if tried < MAX_ATTEMPTS && passes(&error) => {
                    tracing::warn!(%error, tried, path, "Stripe did not answer as it should; trying again");
                    tokio::time::sleep(RETRY_INTERVAL * 2_u32.pow(tried - 1)).await;
                    tried += 1;
                }
                answer => return answer,
            }
        }
    }
}

/// What Stripe answered, as events are read.
fn plain(object: &miniserde::json::Value) -> Result<Value, StripeError> {
    serde_json::from_str(&miniserde::json::to_string(object)).map_err(unreadable)
}

fn as_refund(object: &Value) -> Result<RefundFacts, StripeError> {
    objects::refund(object).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> StripeError {
    StripeError::JSONDeserialize(error.to_string())
}

#[derive(miniserde::Deserialize)]
struct PaidIntent {
    latest_charge: Option<PaidCharge>,
}

#[derive(miniserde::Deserialize)]
struct PaidCharge {
    receipt_url: Option<String>,
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
