//! Refunds: the intent is stored, then Stripe is told, then the result is stored. Whatever breaks between two of these steps, the
//! stored intent is told again under the same key, so that no money goes back twice.

use chrono::{DateTime, TimeDelta, Utc};
use stripe::StripeError;
use stripe_shared::{ApiErrors, ApiErrorsCode};
use uuid::Uuid;

use crate::{
    audit,
    error::{Error, FieldError, Result, on_constraint},
    id::PurchaseId,
    money::Cents,
    payments::{
        Refunded, UnusablePaymentReason, fulfil, ledger_queries,
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        refund_queries::{self as queries, Due, Locked},
    },
    server::state::AppState,
    stripe::{
        client::{NewRefund, RefundReason, Stripe},
        objects::{self, RefundFacts, StripeObject},
        states::RefundState,
    },
    users::User,
};

/// Stripe forgets a key after a day at the earliest. Before half of that is over a refund is sent again under its key; later it is
/// looked for first. <https://docs.stripe.com/api/idempotent_requests>
const IDEMPOTENCY_KEY_LIFETIME: TimeDelta = TimeDelta::hours(12);
/// Whoever pressed the button is told within the time that a request has, whatever Stripe does.
const STRIPE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);
/// The longest reason, in characters.
const REASON: usize = 500;

/// What an admin decided.
pub struct Order {
    pub purchase: PurchaseId,
    pub amount: Cents,
    /// What the admin saw to be left. When it is not, somebody else has refunded meanwhile.
    pub left: Cents,
    pub reason: String,
}

/// What the first step came to.
enum Intent {
    Stored(Uuid),
    /// Nothing was paid, so nothing has to be sent.
    Ended,
}

/// Sends money back to a buyer. Free purchases end without Stripe.
///
/// # Errors
/// [`Error::Invalid`] for an amount that cannot be, [`Error::Conflict`] when the sale is not as the admin saw it,
/// [`Error::Rejected`] when Stripe refuses.
pub async fn refund(state: &AppState, admin: &User, order: &Order, now: DateTime<Utc>) -> Result<Refunded> {
    match record_intent(state, admin, order).await? {
        Intent::Ended => Ok(Refunded::Ended),
        Intent::Stored(refund) => submit(state, refund, now).await,
    }
}

/// Tells Stripe again of the refund that is under way.
///
/// # Errors
/// [`Error::Conflict`] when none is, else as [`refund`].
pub async fn resume(state: &AppState, admin: &User, purchase: PurchaseId, now: DateTime<Utc>) -> Result<Refunded> {
    let mut tx = state.db.begin().await?;
    let sale = queries::lock_purchase(&mut *tx, purchase).await?.ok_or(Error::NotFound)?;
    let Some((refund, amount)) = queries::find_pending(&mut *tx, purchase).await? else {
        return Err(Error::Conflict("No refund is under way any more.".into()));
    };
    let words = format!("Sent the refund of {amount} for {} again", named(&sale));
    audit::service::record(&mut *tx, admin.id, "sale.refund_again", purchase.uuid(), &words).await?;
    tx.commit().await?;
    submit(state, refund, now).await
}

/// The first step: the intent and its line in the audit log, in one transaction. The refund that is under way already is taken
/// for the one that was meant, when it is of the same amount: a second click, or a second admin.
async fn record_intent(state: &AppState, admin: &User, order: &Order) -> Result<Intent> {
    let Order { purchase, amount, left: seen, reason } = order;
    let mut tx = state.db.begin().await?;
    let sale = queries::lock_purchase(&mut *tx, *purchase).await?.ok_or(Error::NotFound)?;
    if let Some((refund, under_way)) = queries::find_pending(&mut *tx, *purchase).await? {
        return if under_way == *amount {
            Ok(Intent::Stored(refund))
        } else {
            Err(Error::Conflict(format!("A refund of {under_way} is under way already. Finish it first.")))
        };
    }
    let left = sale.paid - sale.refunded - sale.refunding;
    // What has ended and still owes money is one whose refund failed while the buyer bought it anew.
    if sale.refunded_at.is_some() && (sale.lost || left <= Cents::ZERO) {
        return Err(Error::Conflict("This purchase is refunded already.".into()));
    }
    if sale.paid.is_zero() {
        queries::end_purchase(&mut *tx, *purchase).await?;
        let words = format!("Ended the free purchase of {}", named(&sale));
        audit::service::record(&mut *tx, admin.id, "sale.end", purchase.uuid(), &words).await?;
        tx.commit().await?;
        return Ok(Intent::Ended);
    }
    if *seen != left {
        return Err(Error::Conflict(format!(
            "Something was refunded meanwhile: {left} is left. Look again, then decide."
        )));
    }
    let cents = check(*amount, left, reason)?;
    let payment_intent = sale.payment_intent.as_deref().ok_or_else(|| {
        Error::Rejected(
            "This payment was not made here, so it cannot be sent back from here. Refund it at Stripe.".into(),
        )
    })?;
    let stored = queries::insert_refund(&mut *tx, *purchase, cents, payment_intent, reason.trim(), admin.id).await;
    let refund = stored.map_err(|error| {
        if on_constraint(&error, "refunds_pending_key") {
            Error::Conflict("A refund is under way already. Finish it first.".into())
        } else if on_constraint(&error, "refunds_within_paid") {
            Error::Invalid(vec![at_most(left)])
        } else {
            error.into()
        }
    })?;
    let mut words = format!("Refunds {amount} of {} for {}", sale.paid, named(&sale));
    if !reason.trim().is_empty() {
        words = format!("{words}: {}", reason.trim());
    }
    audit::service::record(&mut *tx, admin.id, "sale.refund", purchase.uuid(), &words).await?;
    tx.commit().await?;
    Ok(Intent::Stored(refund))
}

/// The amount in cents, when it can be.
fn check(amount: Cents, left: Cents, reason: &str) -> Result<i32> {
    let mut errors = Vec::new();
    if amount <= Cents::ZERO {
        errors.push(FieldError::new("amount", "Enter an amount of at least $0.01."));
    } else if amount > left {
        errors.push(at_most(left));
    }
    if reason.trim().chars().count() > REASON {
        errors.push(FieldError::new("reason", "Keep the reason under 500 characters."));
    }
    match i32::try_from(amount.0) {
        Ok(cents) if errors.is_empty() => Ok(cents),
        _ => Err(Error::Invalid(errors)),
    }
}

fn at_most(left: Cents) -> FieldError {
    FieldError::new("amount", format!("At most ${} can be refunded.", left.plain()))
}

fn named(sale: &Locked) -> String {
    format!("“{}” by {} (receipt {})", sale.product, sale.email, sale.number)
}

/// The second and third step, for a stored intent; for the one of a payment that never became a purchase as well. It can be
/// asked for as often as one likes.
///
/// # Errors
/// [`Error::Rejected`] when Stripe refuses, the database's.
pub async fn submit(state: &AppState, refund: Uuid, now: DateTime<Utc>) -> Result<Refunded> {
    let due = queries::find_refund(&state.db, refund).await?.ok_or(Error::NotFound)?;
    if due.state != RefundState::Pending {
        return store_result(state, &due, None).await;
    }
    let told = tokio::time::timeout(STRIPE_TIMEOUT, send_to_stripe(&state.stripe, &due, now)).await;
    match told.unwrap_or(Err(StripeError::Timeout)) {
        Ok(sent) => store_result(state, &due, Some(Answer::from(sent))).await,
        Err(StripeError::Stripe(error, status)) if matches!(status, 400..=499) && !matches!(status, 409 | 429) => {
            tracing::error!(%refund, status, code = ?error.code, "Stripe refused a refund");
            if error.code == Some(ApiErrorsCode::ChargeAlreadyRefunded) {
                // Somebody refunded at Stripe, unheard so far. When Stripe does not say what, the next reconciling does.
                read_refunds(state, &due.payment_intent).await.ok();
            }
            let refused = store_result(state, &due, Some(Answer::refused(&error, status))).await;
            match rest_of(state, &due).await {
                Ok(Some((rest, _))) => Box::pin(submit(state, rest, now)).await,
                Ok(None) => refused,
                Err(error) => {
                    tracing::error!(%refund, %error, "Could not see what is left of an unusable payment");
                    refused
                }
            }
        }
        Err(error) => {
            tracing::error!(%refund, %error, "A refund is still to be sent");
            queries::touch_refund(&state.db, refund).await?;
            Ok(Refunded::Kept { amount: due.amount })
        }
    }
}

/// Stores the intent to send the rest of an unusable payment: it is not refunded whole when a part was refunded at Stripe.
async fn rest_of(state: &AppState, due: &Due) -> anyhow::Result<Option<(Uuid, UnusablePaymentReason)>> {
    if due.purchase.is_some() {
        return Ok(None);
    }
    read_refunds(state, &due.payment_intent).await?;
    Ok(ledger_queries::insert_remainder(&state.db, &due.payment_intent, true).await?)
}

/// Tells Stripe, or asks how it went.
async fn send_to_stripe(stripe: &Stripe, due: &Due, now: DateTime<Utc>) -> Result<RefundFacts, StripeError> {
    if let Some(id) = &due.stripe_id {
        return stripe.read_refund(id).await.map_err(missing_refunds);
    }
    if now - due.created_at > IDEMPOTENCY_KEY_LIFETIME
        && let Some(sent) = stripe.find_refund(&due.payment_intent, due.id).await.map_err(missing_refunds)?
    {
        return Ok(sent);
    }
    let reason = match due.unusable {
        Some(UnusablePaymentReason::Duplicate) => RefundReason::Duplicate,
        // Of Stripe's three reasons the nearest one: the buyer deleted the account.
        Some(UnusablePaymentReason::AccountDeleted) | None => RefundReason::RequestedByCustomer,
    };
    let new = NewRefund { payment_intent: &due.payment_intent, amount: due.amount, reason, key: due.id };
    stripe.refund(new).await
}

/// What goes wrong while Stripe is asked how it went is no refusal to send money back.
fn missing_refunds(error: StripeError) -> StripeError {
    match error {
        StripeError::Stripe(error, status) => {
            StripeError::ClientError(format!("asking for a refund was answered with {status}: {:?}", error.code))
        }
        error => error,
    }
}

/// What Stripe said of a refund.
struct Answer {
    state: RefundState,
    stripe_id: Option<String>,
    failure: String,
}

impl From<RefundFacts> for Answer {
    fn from(told: RefundFacts) -> Self {
        Self { state: told.state, stripe_id: Some(told.id), failure: told.failure.into() }
    }
}

impl Answer {
    /// Why not, in our words. <https://docs.stripe.com/error-codes>
    fn refused(error: &ApiErrors, status: u16) -> Self {
        let failure = match error.code {
            Some(ApiErrorsCode::ChargeAlreadyRefunded) => "Stripe says that this payment was sent back already.",
            Some(ApiErrorsCode::ChargeDisputed | ApiErrorsCode::RefundDisputedPayment) => {
                "The buyer disputes this payment. Stripe does not send it back until that is settled."
            }
            Some(ApiErrorsCode::BalanceInsufficient | ApiErrorsCode::InsufficientFunds) => {
                "There is not enough money in the account at Stripe."
            }
            Some(ApiErrorsCode::ResourceMissing) => "Stripe does not know this payment.",
            _ if matches!(status, 401 | 403) => {
                "Stripe does not accept our key. Check the settings, then refund again."
            }
            _ => "Stripe refused this refund. Its dashboard says more.",
        };
        Self { state: RefundState::Failed, stripe_id: None, failure: failure.into() }
    }
}

/// The third step: the result, in one transaction. Whoever comes second finds what the first wrote, a webhook among them. No answer
/// is a refund that was settled before.
async fn store_result(state: &AppState, due: &Due, answer: Option<Answer>) -> Result<Refunded> {
    let mut tx = state.db.begin().await?;
    let sale = match due.purchase {
        Some(purchase) => queries::lock_purchase(&mut *tx, purchase).await?,
        None => None,
    };
    let (before, mut failure) = queries::lock_refund(&mut *tx, due.id).await?;
    let mut now = before;
    if let (RefundState::Pending, Some(answer)) = (now, answer) {
        now = answer.state;
        queries::set_refund(&mut *tx, due.id, now, answer.stripe_id.as_deref(), &answer.failure).await?;
        failure = answer.failure;
    }
    let whole = match due.purchase {
        Some(purchase) if now == RefundState::Succeeded => {
            ledger_queries::recompute_status(&mut *tx, purchase, false).await?
        }
        _ => false,
    };
    let (refund, purchase, amount) = (due.id, due.purchase, due.amount);
    match now {
        _ if now == before => {}
        RefundState::Succeeded => {
            notifications::enqueue(&mut tx, PaymentNotification::Refunded { refund, purchase }).await?
        }
        RefundState::Pending | RefundState::Reversed => {}
        RefundState::Failed => {
            // Nobody may be looking: unusable payments are refunded automatically, and a bank may take days.
            let what = match (&sale, due.unusable) {
                (Some(sale), _) => format!("The refund of {amount} for {} failed", named(sale)),
                (None, Some(unusable)) => format!("{} could not be sent back", unusable.describe(amount)),
                (None, None) => format!("A refund of {amount} failed"),
            };
            let subject = purchase.map(PurchaseId::uuid);
            audit::service::record_unasked(&mut *tx, "sale.refund_failed", subject, &format!("{what}. {failure}"))
                .await?;
            notifications::enqueue(&mut tx, PaymentNotification::RefundFailed { refund, purchase }).await?;
        }
    }
    tx.commit().await?;
    match now {
        RefundState::Succeeded => {
            tracing::info!(%refund, %amount, whole, "Money went back");
            Ok(Refunded::Sent { amount, whole })
        }
        RefundState::Pending => Ok(Refunded::Taken { amount }),
        RefundState::Failed | RefundState::Reversed => Err(Error::Rejected(failure)),
    }
}

/// Asks Stripe for the refunds of a payment, and takes them in: after its word that something went back, which does not tell what.
/// Says how many were news.
///
/// # Errors
/// When Stripe does not answer, or the database.
pub async fn read_refunds(state: &AppState, payment_intent: &str) -> anyhow::Result<usize> {
    let (mut news, mut early) = (0, Vec::new());
    for object in state.stripe.list_refunds_of(payment_intent).await? {
        let about = StripeObject::Refund(objects::refund(&object)?);
        match fulfil::apply_without_event(&state.db, &about).await? {
            Outcome::Deferred => early.push(about),
            outcome => news += usize::from(outcome.changes()),
        }
    }
    // The newest comes first, and an older one that failed may be what it waited for.
    for about in &early {
        news += usize::from(fulfil::apply_without_event(&state.db, about).await?.changes());
    }
    ledger_queries::set_read(&state.db, payment_intent).await?;
    Ok(news)
}

/// Asks for what is still to be asked for. What Stripe does not answer now is asked again later. Says how many refunds were news.
///
/// # Errors
/// The database's.
pub async fn fetch_missing_refunds(state: &AppState) -> sqlx::Result<usize> {
    let mut news = 0;
    for (event, payment_intent) in ledger_queries::list_unread(&state.db).await? {
        match read_refunds(state, &payment_intent).await {
            Ok(found) => news += found,
            Err(error) => tracing::warn!(event, payment_intent, %error, "Could not read the refunds of a payment"),
        }
    }
    Ok(news)
}

/// Finishes what is still under way: what was stored while Stripe was away, and what Stripe takes its time for. Says how many have
/// come to an end.
///
/// # Errors
/// The database's.
pub async fn submit_due(state: &AppState, now: DateTime<Utc>) -> sqlx::Result<usize> {
    let mut finished = 0;
    for refund in queries::list_due(&state.db).await? {
        match submit(state, refund, now).await {
            Ok(Refunded::Kept { .. }) => {
                tracing::warn!("Stripe is still away: the refunds that are due wait");
                return Ok(finished);
            }
            Ok(Refunded::Taken { .. }) => queries::touch_refund(&state.db, refund).await?,
            Ok(_) => {
                tracing::info!(%refund, "Finished a refund");
                finished += 1;
            }
            Err(error) => {
                tracing::warn!(%refund, %error, "A refund did not go through");
                finished += 1;
            }
        }
    }
    Ok(finished)
}
