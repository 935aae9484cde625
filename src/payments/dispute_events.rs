//! Applies dispute events. While a dispute is open, access is paused; the bank's decision restores it or ends the purchase.

use sqlx::PgConnection;

use crate::{
    audit,
    money::Cents,
    payments::{
        dispute_queries as queries,
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        purchase_queries::{self, PaidPurchase},
        refund_queries,
        state_machine::StateMachine,
        unusable_payment_queries,
    },
    stripe::{objects::DisputeFacts, states::DisputeState},
};

/// The failure of a refund that was cancelled because a dispute was lost.
const WITHDRAWN_BY_BANK: &str = "The bank withdrew the payment: a dispute was lost.";

/// Applies the current state of a dispute.
///
/// # Errors
/// The database's.
pub async fn apply(tx: &mut PgConnection, facts: &DisputeFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = facts.payment_intent.as_deref() else { return Ok(Outcome::NOT_OURS) };
    let Some(purchase) = purchase_queries::lock_purchase_of_payment(&mut *tx, payment_intent).await? else {
        return apply_without_purchase(tx, facts, payment_intent).await;
    };
    let Ok(cents) = i32::try_from(facts.amount.max(0)) else { return Ok(Outcome::MISMATCH) };
    let stored = queries::lock_dispute(&mut *tx, &facts.id).await?;
    let dispute = match stored {
        Some((dispute, state)) if state.can_transition_to(facts.state) => {
            queries::decide_dispute(&mut *tx, dispute, facts).await?;
            dispute
        }
        Some(_) => return Ok(Outcome::NO_CHANGE),
        None => queries::insert_dispute(&mut *tx, purchase.id, facts, cents).await?,
    };
    if facts.state == DisputeState::Lost {
        // A bank withdraws no more than there is: not what was refunded before, and pending refunds will not be made.
        let mut left = purchase.left();
        if left < Cents::from(cents) {
            left = Cents(left.0 + refund_queries::cancel_unsent(&mut *tx, purchase.id, WITHDRAWN_BY_BANK).await?.0);
        }
        if let Some(withdrawn) = i32::try_from(left.0.min(cents.into())).ok().filter(|cents| *cents > 0) {
            queries::insert_chargeback(&mut *tx, purchase.id, dispute, withdrawn, payment_intent).await?;
        }
    }
    let was_lost = stored.is_some_and(|(_, state)| state == DisputeState::Lost);
    if was_lost {
        queries::reverse_chargeback(&mut *tx, dispute).await?;
    }
    let ended = purchase_queries::recompute_status(&mut *tx, purchase.id, was_lost).await?;
    let summary = summary(&purchase, facts, ended);
    audit::service::record_automatic(&mut *tx, "sale.dispute", purchase.id.uuid(), &summary).await?;
    let (purchase, won) = (purchase.id, facts.state == DisputeState::Won);
    let notification = match facts.state {
        DisputeState::Open => PaymentNotification::Disputed { dispute, purchase },
        DisputeState::Won | DisputeState::Lost => PaymentNotification::DisputeClosed { dispute, purchase, won },
    };
    notifications::enqueue(tx, notification).await?;
    Ok(match facts.state {
        DisputeState::Open => Outcome::DISPUTE_OPENED,
        DisputeState::Won => Outcome::DISPUTE_WON,
        DisputeState::Lost => Outcome::DISPUTE_LOST,
    })
}

/// Applies a dispute over a payment that is not a purchase, or not yet. While it is open, Stripe does not refund the payment; once it is
/// won, an unusable payment is refunded after all.
async fn apply_without_purchase(
    tx: &mut PgConnection,
    facts: &DisputeFacts,
    payment_intent: &str,
) -> sqlx::Result<Outcome> {
    if facts.state == DisputeState::Won
        && let Some((refund, reason)) =
            unusable_payment_queries::insert_remainder(&mut *tx, payment_intent, false).await?
    {
        let payment_intent = payment_intent.to_owned();
        return Ok(Outcome::UnusablePayment { reason, refund: Some(refund), payment_intent });
    }
    Ok(Outcome::Deferred)
}

/// Describes the dispute for the audit log.
fn summary(purchase: &PaidPurchase, facts: &DisputeFacts, ended: bool) -> String {
    let (amount, sale) = (Cents(facts.amount), purchase.label());
    match facts.state {
        DisputeState::Open => {
            let reason = facts.reason.replace('_', " ");
            format!("The buyer disputes {amount} of {sale}: {reason}. Access is paused; respond in Stripe's dashboard.")
        }
        DisputeState::Won => {
            let access = if ended { "" } else { " Access is restored." };
            format!("The dispute of {amount} of {sale} was won: the payment stays.{access}")
        }
        DisputeState::Lost => format!("The dispute of {amount} of {sale} was lost. The purchase has ended."),
    }
}
