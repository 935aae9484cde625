//! The only client of Stripe's API. Stripe and the sandbox differ in the base URL alone, so that both are called by the same code.
//!
//! The single calls are in `checkout_sessions.rs`, `refunds.rs`, `charges.rs` and `lists.rs`.

use std::time::Duration;

use miniserde::Deserialize;
use serde::Serialize;
use serde_json::Value;
pub use stripe::StripeError;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_client_core::{RequestBuilder, StripeMethod};

use crate::platform::config::stripe::StripeConfig;

/// The timeout of one request to Stripe. A buyer waits for it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ATTEMPTS: u32 = 3;
/// The pause before the second attempt; the one before the third is twice as long.
const RETRY_INTERVAL: Duration = Duration::from_millis(if cfg!(test) { 5 } else { 200 });

#[derive(Clone)]
pub struct Stripe {
    client: Client,
}

impl Stripe {
    /// # Errors
    /// When the configured base URL is not a URL.
    pub fn new(config: &StripeConfig) -> anyhow::Result<Self> {
        let mut builder = ClientBuilder::new(config.secret_key.clone()).timeout(REQUEST_TIMEOUT);
        if let Some(base) = &config.api_base {
            builder = builder.url(format!("{}/", base.trim_end_matches('/')));
        }
        Ok(Self { client: builder.build()? })
    }

    /// Gets an object or a list as JSON, of whatever API version. A failed request is retried.
    pub(crate) async fn get(&self, path: &str, query: &impl Serialize) -> Result<Value, StripeError> {
        let request = || RequestBuilder::new(StripeMethod::Get, path).query(query);
        to_json(&self.send(request, &RequestStrategy::Once).await?)
    }

    /// Gets an object as a type of our own, once: callers can do without it.
    pub(crate) async fn get_once<T: Deserialize>(&self, path: String, query: &str) -> Result<T, StripeError> {
        let mut request = RequestBuilder::new(StripeMethod::Get, path);
        request.query = Some(query.to_owned());
        request.customize().send(&self.client).await
    }

    /// Posts a request under an idempotency key, so that a retry has no second effect.
    pub(crate) async fn post<T: Deserialize>(&self, request: &impl StripeRequest, key: &str) -> Result<T, StripeError> {
        let key = IdempotencyKey::new(key).map_err(|error| StripeError::ClientError(error.to_string()))?;
        self.send(|| request.build(), &RequestStrategy::Idempotent(key)).await
    }

    /// Sends a request that may be repeated, up to three times. async-stripe's own retries would choose the key of each.
    async fn send<T: Deserialize>(
        &self,
        request: impl Fn() -> RequestBuilder,
        strategy: &RequestStrategy,
    ) -> Result<T, StripeError> {
        let mut attempt = 1;
        loop {
            let request = request();
            let path = request.path.clone();
            match request.customize::<T>().request_strategy(strategy.clone()).send(&self.client).await {
                Err(error) if attempt < MAX_ATTEMPTS && is_transient(&error) => {
                    tracing::warn!(%error, attempt, path, "Retrying a request to Stripe");
                    tokio::time::sleep(RETRY_INTERVAL * 2_u32.pow(attempt - 1)).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

/// Converts a response of the client library to the JSON type that events have.
pub(crate) fn to_json(object: &miniserde::json::Value) -> Result<Value, StripeError> {
    serde_json::from_str(&miniserde::json::to_string(object)).map_err(parse_error)
}

pub(crate) fn parse_error(error: serde_json::Error) -> StripeError {
    StripeError::JSONDeserialize(error.to_string())
}

/// Whether a retry may succeed. <https://docs.stripe.com/error-low-level>
fn is_transient(error: &StripeError) -> bool {
    match error {
        StripeError::Stripe(_, status) => matches!(status, 409 | 429 | 500..=599),
        StripeError::ClientError(_) | StripeError::Timeout => true,
        StripeError::JSONDeserialize(_) | StripeError::ConfigError(_) => false,
    }
}
