//! Disputes: the buyer asks their bank for the money. Access pauses; what is decided gives it back or ends it.

use sqlx::PgConnection;

use crate::{
    audit,
    money::Cents,
    payments::{
        ledger_queries::{self as queries, Paid},
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        state_machine::StateMachine,
    },
    stripe::{objects::DisputeFacts, states::DisputeState},
};

const TAKEN: &str = "The bank took the money back: a dispute was lost.";

/// A dispute over a payment that is no purchase, or not yet. While it is open, Stripe does not refund the payment; once it is won, an
/// unusable payment is refunded after all.
async fn without_purchase(tx: &mut PgConnection, facts: &DisputeFacts, payment_intent: &str) -> sqlx::Result<Outcome> {
    if facts.state == DisputeState::Won
        && let Some((refund, reason)) = queries::insert_remainder(&mut *tx, payment_intent, false).await?
    {
        let payment_intent = payment_intent.to_owned();
        return Ok(Outcome::UnusablePayment { reason, refund: Some(refund), payment_intent });
    }
    Ok(Outcome::Deferred)
}

/// A dispute as it stands at Stripe.
///
/// # Errors
/// The database's.
pub async fn apply(tx: &mut PgConnection, facts: &DisputeFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = facts.payment_intent.as_deref() else { return Ok(Outcome::NOT_OURS) };
    let Some(paid) = queries::lock_paid(&mut *tx, payment_intent).await? else {
        return without_purchase(tx, facts, payment_intent).await;
    };
    let Ok(cents) = i32::try_from(facts.amount.max(0)) else { return Ok(Outcome::MISMATCH) };
    let before = queries::lock_dispute(&mut *tx, &facts.id).await?;
    let dispute = match before {
        Some((dispute, state)) if state.can_transition_to(facts.state) => {
            queries::decide_dispute(&mut *tx, dispute, facts).await?;
            dispute
        }
        Some(_) => return Ok(Outcome::NO_CHANGE),
        None => queries::insert_dispute(&mut *tx, paid.id, facts, cents).await?,
    };
    let before = before.map(|(_, state)| state);
    if facts.state == DisputeState::Lost {
        // A bank takes no more than there is: what was refunded before is gone already, and what is on its way will not go.
        let mut left = paid.left();
        if left < Cents::from(cents) {
            left = Cents(left.0 + queries::cancel_unsent(&mut *tx, paid.id, TAKEN).await?.0);
        }
        if let Some(taken) = i32::try_from(left.0.min(cents.into())).ok().filter(|taken| *taken > 0) {
            queries::insert_chargeback(&mut *tx, paid.id, dispute, taken, payment_intent).await?;
        }
    }
    let back = before == Some(DisputeState::Lost);
    if back {
        queries::reverse_chargeback(&mut *tx, dispute).await?;
    }
    let ended = queries::recompute_status(&mut *tx, paid.id, back).await?;
    audit::service::record_unasked(&mut *tx, "sale.dispute", paid.id.uuid(), &words(&paid, facts, ended)).await?;
    let (purchase, won) = (paid.id, facts.state == DisputeState::Won);
    let news = match facts.state {
        DisputeState::Open => PaymentNotification::Disputed { dispute, purchase },
        DisputeState::Won | DisputeState::Lost => PaymentNotification::DisputeClosed { dispute, purchase, won },
    };
    notifications::enqueue(tx, news).await?;
    Ok(match facts.state {
        DisputeState::Open => Outcome::DISPUTE_OPENED,
        DisputeState::Won => Outcome::DISPUTE_WON,
        DisputeState::Lost => Outcome::DISPUTE_LOST,
    })
}

/// For the list of what was done.
fn words(paid: &Paid, facts: &DisputeFacts, ended: bool) -> String {
    let (amount, sale) = (Cents(facts.amount), paid.named());
    match facts.state {
        DisputeState::Open => {
            let reason = facts.reason.replace('_', " ");
            format!(
                "The buyer disputes {amount} of {sale}: {reason}. Access is paused; answer it in Stripe's dashboard."
            )
        }
        DisputeState::Won => {
            let then = if ended { "" } else { " Access is back." };
            format!("The dispute of {amount} of {sale} is over, and the money stays.{then}")
        }
        DisputeState::Lost => format!("The dispute of {amount} of {sale} is lost. The purchase has ended."),
    }
}
