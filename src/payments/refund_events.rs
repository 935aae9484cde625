//! Applies refund events, whether the refund was made here or in Stripe's dashboard, failures included. Every refund is one row, however
//! often it is reported.

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    audit,
    id::PurchaseId,
    money::Cents,
    payments::{
        dispute_queries,
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        purchase_queries::{self, PaidPurchase},
        refund_queries::{self as queries, RefundedPayment},
        state_machine::StateMachine,
        unusable_payment_queries,
    },
    stripe::{
        objects::{ChargeFacts, RefundFacts},
        states::RefundState,
    },
};

/// The failure of a refund that was cancelled because the money was refunded in Stripe's dashboard.
const REFUNDED_AT_STRIPE: &str = "The money was refunded in Stripe's dashboard meanwhile.";

/// Applies a charge that was refunded. When it does not contain its refunds, and more was refunded than is stored, they have to be
/// fetched.
///
/// # Errors
/// The database's.
pub async fn charge(tx: &mut PgConnection, facts: &ChargeFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = &facts.payment_intent else { return Ok(Outcome::NOT_OURS) };
    let Some(refunds) = &facts.refunds else {
        let known = purchase_queries::lock_purchase_of_payment(&mut *tx, payment_intent).await?.is_some()
            || unusable_payment_queries::find_unusable_payment(&mut *tx, payment_intent).await?.is_some();
        if !known {
            return Ok(Outcome::Deferred);
        }
        let confirmed = queries::sum_confirmed(&mut *tx, payment_intent).await?;
        let payment_intent = payment_intent.clone();
        return Ok(if confirmed.0 < facts.amount_refunded {
            Outcome::RefundsToFetch { payment_intent }
        } else {
            Outcome::NO_CHANGE
        });
    };
    let mut combined = Outcome::NO_CHANGE;
    for facts in refunds {
        let outcome = refund(tx, facts).await?;
        // A deferred refund is applied again after another one has failed, so it decides for the whole event.
        if outcome == Outcome::Deferred
            || (combined != Outcome::Deferred && (outcome.changes() || combined == Outcome::NO_CHANGE))
        {
            combined = outcome;
        }
    }
    Ok(combined)
}

/// Applies the current state of a refund.
///
/// # Errors
/// The database's.
pub async fn refund(tx: &mut PgConnection, facts: &RefundFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = facts.payment_intent.as_deref() else { return Ok(Outcome::NOT_OURS) };
    let purchase = purchase_queries::lock_purchase_of_payment(&mut *tx, payment_intent).await?;
    let payment = match &purchase {
        Some(purchase) => RefundedPayment::Purchase(purchase.id),
        None => match unusable_payment_queries::find_unusable_payment(&mut *tx, payment_intent).await? {
            Some(unusable) => RefundedPayment::Unusable(unusable),
            None => return Ok(Outcome::Deferred),
        },
    };
    let Some(cents) = i32::try_from(facts.amount).ok().filter(|cents| *cents > 0) else { return Ok(Outcome::MISMATCH) };
    let mut stored = queries::lock_by_stripe_id(&mut *tx, &facts.id, facts.our_id, payment_intent).await?;
    if let (None, RefundedPayment::Unusable(unusable)) = (stored, &payment) {
        stored = unusable_payment_queries::lock_unsent_refund(&mut *tx, unusable.attempt, cents).await?;
    }
    let (row, before) = match stored {
        Some((row, state)) if state.can_transition_to(facts.state) => {
            queries::set_refund(&mut *tx, row, facts.state, Some(&facts.id), facts.failure).await?;
            (row, Some(state))
        }
        Some((row, _)) => {
            queries::set_stripe_id(&mut *tx, row, &facts.id).await?;
            return Ok(Outcome::NO_CHANGE);
        }
        None => {
            if !make_room(tx, purchase.as_ref(), facts, cents).await? {
                return Ok(Outcome::Deferred);
            }
            (queries::insert_external_refund(&mut *tx, &payment, facts, cents).await?, None)
        }
    };
    apply_change(tx, &Change { row, payment: &payment, purchase: purchase.as_ref(), before, facts }).await
}

/// Makes room for a refund that was made at Stripe, and returns whether there is enough.
///
/// Stripe never refunds more than was paid. So a refund of ours that it has not accepted cannot succeed any more, and a chargeback was
/// smaller than stored. When that is not enough, a stored refund has failed without our knowing: nothing is changed, and this one is
/// applied again after the event about that failure.
async fn make_room(
    tx: &mut PgConnection,
    purchase: Option<&PaidPurchase>,
    facts: &RefundFacts,
    cents: i32,
) -> sqlx::Result<bool> {
    let Some(purchase) = purchase.filter(|_| facts.state != RefundState::Failed) else { return Ok(true) };
    let (mut left, wanted) = (purchase.left(), Cents::from(cents));
    if left >= wanted {
        return Ok(true);
    }
    let mut room = tx.begin().await?;
    left = Cents(left.0 + queries::cancel_unsent(&mut *room, purchase.id, REFUNDED_AT_STRIPE).await?.0);
    if left < wanted {
        let missing = i32::try_from((wanted - left).0).unwrap_or(cents);
        left = Cents(left.0 + dispute_queries::reduce_chargeback(&mut *room, purchase.id, missing).await?.0);
    }
    if left < wanted {
        tracing::info!(refund = facts.id, %wanted, %left, "Deferred a refund: with the stored refunds it exceeds the payment");
        room.rollback().await?;
        return Ok(false);
    }
    room.commit().await?;
    Ok(true)
}

/// A refund's row that was inserted or changed.
struct Change<'a> {
    row: Uuid,
    payment: &'a RefundedPayment,
    purchase: Option<&'a PaidPurchase>,
    before: Option<RefundState>,
    facts: &'a RefundFacts,
}

/// Recomputes the purchase's status, and enqueues the mails and the audit entry.
async fn apply_change(tx: &mut PgConnection, change: &Change<'_>) -> sqlx::Result<Outcome> {
    let Change { row, payment, before, facts, .. } = change;
    let purchase = if let RefundedPayment::Purchase(purchase) = payment { Some(*purchase) } else { None };
    let failed = facts.state == RefundState::Failed;
    let ended = match purchase {
        Some(purchase) => {
            let returned = failed && *before == Some(RefundState::Succeeded);
            purchase_queries::recompute_status(&mut *tx, purchase, returned).await?
        }
        None => false,
    };
    match facts.state {
        // Stripe's refunds are never reversed: only chargebacks are.
        RefundState::Pending | RefundState::Reversed => Ok(Outcome::REFUND_PENDING),
        RefundState::Succeeded => {
            notifications::enqueue(tx, PaymentNotification::Refunded { refund: *row, purchase }).await?;
            Ok(Outcome::REFUNDED)
        }
        RefundState::Failed => {
            let summary = failure_summary(change, ended);
            let subject = match payment {
                RefundedPayment::Purchase(purchase) => Some(*purchase),
                RefundedPayment::Unusable(unusable) => unusable.original_purchase_id,
            };
            let subject = subject.map(PurchaseId::uuid);
            audit::service::record_automatic(&mut *tx, "sale.refund_failed", subject, &summary).await?;
            notifications::enqueue(tx, PaymentNotification::RefundFailed { refund: *row, purchase }).await?;
            Ok(Outcome::REFUND_FAILED)
        }
    }
}

/// Describes a failed refund for the audit log: the amount, the reason and the consequence.
fn failure_summary(Change { payment, purchase, before, facts, .. }: &Change<'_>, ended: bool) -> String {
    let amount = Cents(facts.amount);
    let failure = match (payment, purchase) {
        (RefundedPayment::Unusable(unusable), _) => {
            format!("{} could not be refunded.", unusable.reason.describe(amount))
        }
        (RefundedPayment::Purchase(_), Some(purchase)) => {
            format!("The refund of {amount} for {} failed.", purchase.label())
        }
        (RefundedPayment::Purchase(_), None) => format!("A refund of {amount} failed."),
    };
    let consequence = match (payment, before) {
        (RefundedPayment::Unusable(_), _) => " The buyer is still owed this amount: refund it in Stripe's dashboard.",
        (RefundedPayment::Purchase(_), Some(RefundState::Succeeded)) if ended => {
            " The purchase stays ended, because the buyer has bought the product again. The buyer is owed this amount."
        }
        (RefundedPayment::Purchase(_), Some(RefundState::Succeeded)) => " The purchase is as it was before the refund.",
        _ => "",
    };
    format!("{failure} {}{consequence}", facts.failure)
}
