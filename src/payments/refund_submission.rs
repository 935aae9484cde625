//! Submits stored refunds to Stripe and stores the results: refunds by an admin, and automatic refunds of unusable payments.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use stripe::StripeError;
use stripe_shared::{ApiErrors, ApiErrorsCode};
use uuid::Uuid;

use crate::{
    audit,
    error::{Error, Result},
    id::PurchaseId,
    payments::{
        RefundResult, UnusablePaymentReason,
        notifications::{self, PaymentNotification},
        purchase_queries::{self, LockedPurchase},
        refund_fetching,
        refund_queries::{self as queries, StoredRefund},
        unusable_payment_queries,
    },
    server::state::AppState,
    stripe::{
        client::Stripe,
        objects::RefundFacts,
        refunds::{NewRefund, RefundReason},
        states::RefundState,
    },
};

/// Stripe removes an idempotency key after a day at the earliest. Within half of that a refund is created again under its key; later it
/// is looked up first. <https://docs.stripe.com/api/idempotent_requests>
const IDEMPOTENCY_KEY_LIFETIME: TimeDelta = TimeDelta::hours(12);
/// The timeout of all attempts together. An admin waits for the result, and a request has a timeout of its own.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Submits a stored refund and stores its result. It may be called repeatedly: a refund that has a result is not submitted again.
///
/// # Errors
/// [`Error::Rejected`] when Stripe rejects the refund, the database's.
pub async fn submit(state: &AppState, refund: Uuid, now: DateTime<Utc>) -> Result<RefundResult> {
    let stored = queries::find_refund(&state.db, refund).await?.ok_or(Error::NotFound)?;
    if stored.state != RefundState::Pending {
        return store_result(state, &stored, None).await;
    }
    let response = tokio::time::timeout(SUBMIT_TIMEOUT, send_to_stripe(&state.stripe, &stored, now)).await;
    match response.unwrap_or(Err(StripeError::Timeout)) {
        Ok(facts) => store_result(state, &stored, Some(StripeResult::from(facts))).await,
        Err(StripeError::Stripe(error, status)) if matches!(status, 400..=499) && !matches!(status, 409 | 429) => {
            tracing::error!(%refund, status, code = ?error.code, "Stripe rejected a refund");
            handle_rejection(state, &stored, &error, status, now).await
        }
        Err(error) => {
            tracing::error!(%refund, %error, "Could not submit a refund; a job retries");
            queries::touch_refund(&state.db, refund).await?;
            Ok(RefundResult::Queued { amount: stored.amount })
        }
    }
}

/// Stores that Stripe rejected a refund. Of an unusable payment, the rest is refunded instead, if there is one.
async fn handle_rejection(
    state: &AppState,
    stored: &StoredRefund,
    error: &ApiErrors,
    status: u16,
    now: DateTime<Utc>,
) -> Result<RefundResult> {
    if error.code == Some(ApiErrorsCode::ChargeAlreadyRefunded) {
        // It was refunded in Stripe's dashboard, and the event has not arrived. When this fails, the next reconciliation fetches it.
        refund_fetching::fetch_refunds(state, &stored.payment_intent).await.ok();
    }
    let rejected = store_result(state, stored, Some(StripeResult::rejected(error, status))).await;
    match store_remainder(state, stored).await {
        Ok(Some((remainder, _))) => Box::pin(submit(state, remainder, now)).await,
        Ok(None) => rejected,
        Err(error) => {
            tracing::error!(refund = %stored.id, %error, "Could not compute the rest of an unusable payment");
            rejected
        }
    }
}

/// Stores the intent to refund the rest of an unusable payment, of which a part was refunded at Stripe.
async fn store_remainder(
    state: &AppState,
    stored: &StoredRefund,
) -> anyhow::Result<Option<(Uuid, UnusablePaymentReason)>> {
    if stored.purchase.is_some() {
        return Ok(None);
    }
    refund_fetching::fetch_refunds(state, &stored.payment_intent).await?;
    Ok(unusable_payment_queries::insert_remainder(&state.db, &stored.payment_intent, true).await?)
}

/// Creates the refund at Stripe, or retrieves it where it was created before.
async fn send_to_stripe(
    stripe: &Stripe,
    stored: &StoredRefund,
    now: DateTime<Utc>,
) -> Result<RefundFacts, StripeError> {
    if let Some(id) = &stored.stripe_id {
        return stripe.retrieve_refund(id).await.map_err(lookup_error);
    }
    if now - stored.created_at > IDEMPOTENCY_KEY_LIFETIME
        && let Some(found) = stripe.find_refund(&stored.payment_intent, stored.id).await.map_err(lookup_error)?
    {
        return Ok(found);
    }
    let reason = match stored.unusable {
        Some(UnusablePaymentReason::Duplicate) => RefundReason::Duplicate,
        // Of Stripe's three reasons the nearest one: the buyer deleted the account.
        Some(UnusablePaymentReason::AccountDeleted) | None => RefundReason::RequestedByCustomer,
    };
    let new = NewRefund { payment_intent: &stored.payment_intent, amount: stored.amount, reason, key: stored.id };
    stripe.create_refund(new).await
}

/// Converts an error of a lookup: Stripe's rejection of a lookup is not its rejection of the refund.
fn lookup_error(error: StripeError) -> StripeError {
    match error {
        StripeError::Stripe(error, status) => {
            StripeError::ClientError(format!("the lookup of a refund failed with status {status}: {:?}", error.code))
        }
        error => error,
    }
}

/// Stripe's result of a refund.
struct StripeResult {
    state: RefundState,
    stripe_id: Option<String>,
    failure: String,
}

impl From<RefundFacts> for StripeResult {
    fn from(facts: RefundFacts) -> Self {
        Self { state: facts.state, stripe_id: Some(facts.id), failure: facts.failure.into() }
    }
}

impl StripeResult {
    /// Returns why Stripe rejected a refund, as a sentence for the admin. <https://docs.stripe.com/error-codes>
    fn rejected(error: &ApiErrors, status: u16) -> Self {
        let failure = match error.code {
            Some(ApiErrorsCode::ChargeAlreadyRefunded) => "According to Stripe, this payment is already refunded.",
            Some(ApiErrorsCode::ChargeDisputed | ApiErrorsCode::RefundDisputedPayment) => {
                "The buyer disputes this payment. Stripe does not refund it until the dispute is decided."
            }
            Some(ApiErrorsCode::BalanceInsufficient | ApiErrorsCode::InsufficientFunds) => {
                "The balance of the Stripe account is too low."
            }
            Some(ApiErrorsCode::ResourceMissing) => "Stripe does not have this payment.",
            _ if matches!(status, 401 | 403) => "Stripe rejected our API key. Check the settings, then refund again.",
            _ => "Stripe rejected this refund. See Stripe's dashboard for the reason.",
        };
        Self { state: RefundState::Failed, stripe_id: None, failure: failure.into() }
    }
}

/// Stores the result in one transaction. When a webhook or another request has stored it before, that one stays. `result` is `None` for
/// a refund that had a result already.
async fn store_result(state: &AppState, stored: &StoredRefund, result: Option<StripeResult>) -> Result<RefundResult> {
    let mut tx = state.db.begin().await?;
    let sale = match stored.purchase {
        Some(purchase) => purchase_queries::lock_purchase(&mut *tx, purchase).await?,
        None => None,
    };
    let (before, mut failure) = queries::lock_refund(&mut *tx, stored.id).await?;
    let mut after = before;
    if let (RefundState::Pending, Some(result)) = (before, result) {
        after = result.state;
        queries::set_refund(&mut *tx, stored.id, after, result.stripe_id.as_deref(), &result.failure).await?;
        failure = result.failure;
    }
    let purchase_ended = match stored.purchase {
        Some(purchase) if after == RefundState::Succeeded => {
            purchase_queries::recompute_status(&mut *tx, purchase, false).await?
        }
        _ => false,
    };
    let (refund, purchase, amount) = (stored.id, stored.purchase, stored.amount);
    match after {
        _ if after == before => {}
        RefundState::Succeeded => {
            notifications::enqueue(&mut tx, PaymentNotification::Refunded { refund, purchase }).await?;
        }
        RefundState::Pending | RefundState::Reversed => {}
        RefundState::Failed => {
            // An automatic refund has no admin who sees the result, and a bank may take days.
            let summary = format!("{}. {failure}", failure_summary(stored, sale.as_ref()));
            let subject = purchase.map(PurchaseId::uuid);
            audit::service::record_automatic(&mut *tx, "sale.refund_failed", subject, &summary).await?;
            notifications::enqueue(&mut tx, PaymentNotification::RefundFailed { refund, purchase }).await?;
        }
    }
    tx.commit().await?;
    match after {
        RefundState::Succeeded => {
            tracing::info!(%refund, %amount, purchase_ended, "Refunded a payment");
            Ok(RefundResult::Succeeded { amount, purchase_ended })
        }
        RefundState::Pending => Ok(RefundResult::Pending { amount }),
        RefundState::Failed | RefundState::Reversed => Err(Error::Rejected(failure)),
    }
}

fn failure_summary(stored: &StoredRefund, sale: Option<&LockedPurchase>) -> String {
    let amount = stored.amount;
    match (sale, stored.unusable) {
        (Some(sale), _) => format!("The refund of {amount} for {} failed", sale.label()),
        (None, Some(unusable)) => format!("{} could not be refunded", unusable.describe(amount)),
        (None, None) => format!("A refund of {amount} failed"),
    }
}

/// Submits every pending refund that is due: those stored while Stripe was down, and those that Stripe has accepted. Returns how many
/// have a result now.
///
/// # Errors
/// The database's.
pub async fn submit_due(state: &AppState, now: DateTime<Utc>) -> sqlx::Result<usize> {
    let mut finished = 0;
    for refund in queries::list_due_refunds(&state.db).await? {
        match submit(state, refund, now).await {
            Ok(RefundResult::Queued { .. }) => {
                tracing::warn!("Stripe is still down; pending refunds stay queued");
                return Ok(finished);
            }
            Ok(RefundResult::Pending { .. }) => queries::touch_refund(&state.db, refund).await?,
            Ok(_) => {
                tracing::info!(%refund, "Finished a refund");
                finished += 1;
            }
            Err(error) => {
                tracing::warn!(%refund, %error, "A refund failed");
                finished += 1;
            }
        }
    }
    Ok(finished)
}
