//! Refunds by an admin: the intent is stored, then submitted to Stripe (`refund_submission.rs`), then its result is stored.
//!
//! When something fails between two of these steps, the stored intent is submitted again under the same idempotency key, so that no
//! money is refunded twice.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    audit,
    error::{Error, FieldError, Result, on_constraint},
    id::PurchaseId,
    money::Cents,
    payments::{
        RefundResult,
        purchase_queries::{self, LockedPurchase},
        refund_queries, refund_submission,
    },
    server::state::AppState,
    users::User,
};

const MAX_REASON_CHARS: usize = 500;

/// A refund that an admin requests.
pub struct RefundOrder {
    pub purchase: PurchaseId,
    pub amount: Cents,
    /// What the admin saw to be left. When something else is left, another refund was made meanwhile.
    pub left: Cents,
    pub reason: String,
}

/// The result of the first step.
enum Intent {
    Stored(Uuid),
    /// Nothing was paid, so there is nothing to submit: the purchase has ended.
    PurchaseEnded,
}

/// Refunds a purchase, wholly or in part. A free purchase ends without Stripe.
///
/// # Errors
/// [`Error::Invalid`] for an amount that cannot be refunded, [`Error::Conflict`] when the sale is not as the admin saw it,
/// [`Error::Rejected`] when Stripe rejects the refund.
pub async fn refund(state: &AppState, admin: &User, order: &RefundOrder, now: DateTime<Utc>) -> Result<RefundResult> {
    match record_intent(state, admin, order).await? {
        Intent::PurchaseEnded => Ok(RefundResult::PurchaseEnded),
        Intent::Stored(refund) => refund_submission::submit(state, refund, now).await,
    }
}

/// Submits the pending refund of a purchase again.
///
/// # Errors
/// [`Error::Conflict`] when none is pending, else as [`refund`].
pub async fn resume(state: &AppState, admin: &User, purchase: PurchaseId, now: DateTime<Utc>) -> Result<RefundResult> {
    let mut tx = state.db.begin().await?;
    let sale = purchase_queries::lock_purchase(&mut *tx, purchase).await?.ok_or(Error::NotFound)?;
    let Some((refund, amount)) = refund_queries::find_pending_refund(&mut *tx, purchase).await? else {
        return Err(Error::Conflict("No refund is pending any more.".into()));
    };
    let summary = format!("Submitted the refund of {amount} for {} again", sale.label());
    audit::service::record(&mut *tx, admin.id, "sale.refund_again", purchase.uuid(), &summary).await?;
    tx.commit().await?;
    refund_submission::submit(state, refund, now).await
}

/// Stores the intent and its audit entry in one transaction. A pending refund of the same amount counts as the requested one: a second
/// click, or a second admin.
async fn record_intent(state: &AppState, admin: &User, order: &RefundOrder) -> Result<Intent> {
    let RefundOrder { purchase, amount, left: seen, reason } = order;
    let mut tx = state.db.begin().await?;
    let sale = purchase_queries::lock_purchase(&mut *tx, *purchase).await?.ok_or(Error::NotFound)?;
    if let Some((refund, pending)) = refund_queries::find_pending_refund(&mut *tx, *purchase).await? {
        return if pending == *amount {
            Ok(Intent::Stored(refund))
        } else {
            Err(Error::Conflict(format!("A refund of {pending} is already pending. Finish it first.")))
        };
    }
    let left = refundable(&sale)?;
    if sale.paid.is_zero() {
        purchase_queries::end_purchase(&mut *tx, *purchase).await?;
        let summary = format!("Ended the free purchase of {}", sale.label());
        audit::service::record(&mut *tx, admin.id, "sale.end", purchase.uuid(), &summary).await?;
        tx.commit().await?;
        return Ok(Intent::PurchaseEnded);
    }
    if *seen != left {
        return Err(Error::Conflict(format!(
            "Another refund was made meanwhile: {left} is left. Check the amount, then refund again."
        )));
    }
    let cents = check(*amount, left, reason)?;
    let payment_intent = sale.payment_intent.as_deref().ok_or_else(|| {
        Error::Rejected(
            "This payment was not made here, so it cannot be refunded here. Refund it in Stripe's dashboard.".into(),
        )
    })?;
    let stored =
        refund_queries::insert_refund(&mut *tx, *purchase, cents, payment_intent, reason.trim(), admin.id).await;
    let refund = stored.map_err(|error| {
        if on_constraint(&error, "refunds_pending_key") {
            Error::Conflict("A refund is already pending. Finish it first.".into())
        } else if on_constraint(&error, "refunds_within_paid") {
            Error::Invalid(vec![at_most(left)])
        } else {
            error.into()
        }
    })?;
    let mut summary = format!("Requested a refund of {amount} (of {}) for {}", sale.paid, sale.label());
    if !reason.trim().is_empty() {
        summary = format!("{summary}: {}", reason.trim());
    }
    audit::service::record(&mut *tx, admin.id, "sale.refund", purchase.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(Intent::Stored(refund))
}

/// Returns the amount that can be refunded. A purchase that has ended may still owe money: its refund failed after the buyer had bought
/// the product again.
fn refundable(sale: &LockedPurchase) -> Result<Cents> {
    let left = sale.paid - sale.refunded - sale.refunding;
    if sale.refunded_at.is_some() && (sale.lost || left <= Cents::ZERO) {
        return Err(Error::Conflict("This purchase is already refunded.".into()));
    }
    Ok(left)
}

/// Checks the amount and the reason, and returns the amount in cents.
fn check(amount: Cents, left: Cents, reason: &str) -> Result<i32> {
    let mut errors = Vec::new();
    if amount <= Cents::ZERO {
        errors.push(FieldError::new("amount", "Enter an amount of at least $0.01."));
    } else if amount > left {
        errors.push(at_most(left));
    }
    if reason.trim().chars().count() > MAX_REASON_CHARS {
        errors.push(FieldError::new("reason", format!("Enter at most {MAX_REASON_CHARS} characters.")));
    }
    match i32::try_from(amount.0) {
        Ok(cents) if errors.is_empty() => Ok(cents),
        _ => Err(Error::Invalid(errors)),
    }
}

fn at_most(left: Cents) -> FieldError {
    FieldError::new("amount", format!("At most ${} can be refunded.", left.plain()))
}
