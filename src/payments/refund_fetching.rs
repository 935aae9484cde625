//! Fetches the refunds of a payment from Stripe, when an event said that there are more but did not contain them.

use crate::{
    payments::{event_queries, fulfil, outcome::Outcome},
    server::state::AppState,
    stripe::objects::{self, StripeObject},
};

/// Fetches and applies the refunds of a payment. Returns how many changed something.
///
/// # Errors
/// Stripe's, the database's.
pub async fn fetch_refunds(state: &AppState, payment_intent: &str) -> anyhow::Result<usize> {
    let (mut changed, mut deferred) = (0, Vec::new());
    for object in state.stripe.list_refunds_of(payment_intent).await? {
        let object = StripeObject::Refund(objects::parse_refund(&object)?);
        match fulfil::apply_without_event(&state.db, &object).await? {
            Outcome::Deferred => deferred.push(object),
            outcome => changed += usize::from(outcome.changes()),
        }
    }
    // The newest is listed first, and an older one that failed may be what it waited for.
    for object in &deferred {
        changed += usize::from(fulfil::apply_without_event(&state.db, object).await?.changes());
    }
    event_queries::set_refunds_fetched(&state.db, payment_intent).await?;
    Ok(changed)
}

/// Fetches the refunds of every payment in the queue. What Stripe does not return now stays queued. Returns how many refunds changed
/// something.
///
/// # Errors
/// The database's.
pub async fn fetch_missing_refunds(state: &AppState) -> sqlx::Result<usize> {
    let mut changed = 0;
    for (event, payment_intent) in event_queries::list_refunds_to_fetch(&state.db).await? {
        match fetch_refunds(state, &payment_intent).await {
            Ok(found) => changed += found,
            Err(error) => tracing::warn!(event, payment_intent, %error, "Could not fetch the refunds of a payment"),
        }
    }
    Ok(changed)
}
