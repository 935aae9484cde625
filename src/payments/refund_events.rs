//! What Stripe tells about money that went back: from here, from its dashboard, or not after all. Every refund is one row, whoever made
//! it and however often it is told.

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    audit,
    id::PurchaseId,
    money::Cents,
    payments::{
        ledger_queries::{self as queries, Of, Paid},
        notifications::{self, PaymentNotification},
        outcome::Outcome,
        refund_queries,
        state_machine::StateMachine,
    },
    stripe::{
        objects::{ChargeFacts, RefundFacts},
        states::RefundState,
    },
};

/// A charge of which something went back. Where it does not tell what, and more went back than we know of, that is to be asked.
///
/// # Errors
/// The database's.
pub async fn charge(tx: &mut PgConnection, facts: &ChargeFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = &facts.payment_intent else { return Ok(Outcome::NOT_OURS) };
    let Some(refunds) = &facts.refunds else {
        let known = queries::lock_paid(&mut *tx, payment_intent).await?.is_some()
            || queries::find_returned(&mut *tx, payment_intent).await?.is_some();
        if !known {
            return Ok(Outcome::Deferred);
        }
        let told = queries::sum_told(&mut *tx, payment_intent).await?;
        let payment_intent = payment_intent.clone();
        return Ok(if told.0 < facts.amount_refunded {
            Outcome::RefundsToFetch { payment_intent }
        } else {
            Outcome::NO_CHANGE
        });
    };
    let mut whole = Outcome::NO_CHANGE;
    for facts in refunds {
        let outcome = refund(tx, facts).await?;
        // What waits for another to fail is heard again then.
        if outcome == Outcome::Deferred
            || (whole != Outcome::Deferred && (outcome.changes() || whole == Outcome::NO_CHANGE))
        {
            whole = outcome;
        }
    }
    Ok(whole)
}

/// A refund as it stands at Stripe.
///
/// # Errors
/// The database's.
pub async fn refund(tx: &mut PgConnection, facts: &RefundFacts) -> sqlx::Result<Outcome> {
    let Some(payment_intent) = facts.payment_intent.as_deref() else { return Ok(Outcome::NOT_OURS) };
    let paid = queries::lock_paid(&mut *tx, payment_intent).await?;
    let of = match &paid {
        Some(paid) => Of::Purchase(paid.id),
        None => match queries::find_returned(&mut *tx, payment_intent).await? {
            Some(unusable) => Of::Unusable(unusable),
            None => return Ok(Outcome::Deferred),
        },
    };
    let Some(cents) = i32::try_from(facts.amount).ok().filter(|cents| *cents > 0) else { return Ok(Outcome::MISMATCH) };
    let mut known = queries::lock_by_stripe_id(&mut *tx, &facts.id, facts.ours, payment_intent).await?;
    if let (None, Of::Unusable(unusable)) = (known, &of) {
        known = queries::lock_unsent_return(&mut *tx, unusable.attempt, cents).await?;
    }
    let (row, before) = match known {
        Some((row, state)) if state.can_transition_to(facts.state) => {
            refund_queries::set_refund(&mut *tx, row, facts.state, Some(&facts.id), facts.failure).await?;
            (row, Some(state))
        }
        Some((row, _)) => {
            refund_queries::name_refund(&mut *tx, row, &facts.id).await?;
            return Ok(Outcome::NO_CHANGE);
        }
        None => {
            if !make_room(tx, paid.as_ref(), facts, cents).await? {
                return Ok(Outcome::Deferred);
            }
            (queries::insert_told(&mut *tx, &of, facts, cents).await?, None)
        }
    };
    changed(tx, &Change { row, of: &of, paid: paid.as_ref(), before, facts }).await
}

const SENT_ELSEWHERE: &str = "The money was refunded at Stripe meanwhile.";

/// Makes room for a refund that nobody here made. Stripe never sends more back than came in: what we meant to send and it has not taken
/// cannot be sent any more, and what a dispute took was less. Where that is not enough, one that we know of has failed and we are not
/// told yet: nothing is changed, and this one is heard again when we are.
async fn make_room(tx: &mut PgConnection, paid: Option<&Paid>, facts: &RefundFacts, cents: i32) -> sqlx::Result<bool> {
    let Some(paid) = paid.filter(|_| facts.state != RefundState::Failed) else { return Ok(true) };
    let (mut left, wanted) = (paid.left(), Cents::from(cents));
    if left >= wanted {
        return Ok(true);
    }
    let mut room = tx.begin().await?;
    left = Cents(left.0 + queries::cancel_unsent(&mut *room, paid.id, SENT_ELSEWHERE).await?.0);
    if left < wanted {
        let missing = i32::try_from((wanted - left).0).unwrap_or(cents);
        left = Cents(left.0 + queries::reduce_chargeback(&mut *room, paid.id, missing).await?.0);
    }
    if left < wanted {
        tracing::info!(refund = facts.id, %wanted, %left, "A refund waits for another to fail: both are more than was paid");
        room.rollback().await?;
        return Ok(false);
    }
    room.commit().await?;
    Ok(true)
}

/// A refund's row that is other than before.
struct Change<'a> {
    row: Uuid,
    of: &'a Of,
    paid: Option<&'a Paid>,
    before: Option<RefundState>,
    facts: &'a RefundFacts,
}

/// What follows from it for the purchase, and who is told.
async fn changed(tx: &mut PgConnection, change: &Change<'_>) -> sqlx::Result<Outcome> {
    let Change { row, of, paid, before, facts } = change;
    let purchase = if let Of::Purchase(purchase) = of { Some(*purchase) } else { None };
    let failed = facts.state == RefundState::Failed;
    let ended = match purchase {
        Some(purchase) => {
            queries::recompute_status(&mut *tx, purchase, failed && *before == Some(RefundState::Succeeded)).await?
        }
        None => false,
    };
    match facts.state {
        // No refund of Stripe's is ever reversed.
        RefundState::Pending | RefundState::Reversed => Ok(Outcome::REFUND_PENDING),
        RefundState::Succeeded => {
            notifications::enqueue(tx, PaymentNotification::Refunded { refund: *row, purchase }).await?;
            Ok(Outcome::REFUNDED)
        }
        RefundState::Failed => {
            let words = failure_words(of, *paid, *before, facts, ended);
            let subject = match of {
                Of::Purchase(purchase) => Some(*purchase),
                Of::Unusable(unusable) => unusable.original_purchase_id,
            };
            audit::service::record_unasked(&mut *tx, "sale.refund_failed", subject.map(PurchaseId::uuid), &words)
                .await?;
            notifications::enqueue(tx, PaymentNotification::RefundFailed { refund: *row, purchase }).await?;
            Ok(Outcome::REFUND_FAILED)
        }
    }
}

/// For the list of what was done: what did not go back, why, and what that means.
fn failure_words(
    of: &Of,
    paid: Option<&Paid>,
    before: Option<RefundState>,
    facts: &RefundFacts,
    ended: bool,
) -> String {
    let amount = Cents(facts.amount);
    let what = match (of, paid) {
        (Of::Unusable(unusable), _) => format!("{} could not be sent back.", unusable.reason.describe(amount)),
        (Of::Purchase(_), Some(paid)) => format!("The refund of {amount} for {} failed.", paid.named()),
        (Of::Purchase(_), None) => format!("A refund of {amount} failed."),
    };
    let then = match (of, before) {
        (Of::Unusable(_), _) => " The buyer is still owed it: send it in Stripe's dashboard.",
        (Of::Purchase(_), Some(RefundState::Succeeded)) if ended => {
            " The purchase has ended all the same: the buyer has bought the product anew, and is owed the money."
        }
        (Of::Purchase(_), Some(RefundState::Succeeded)) => " The purchase is as if it had never been refunded.",
        _ => "",
    };
    format!("{what} {}{then}", facts.failure)
}
