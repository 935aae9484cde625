//! The card's country: asked of Stripe after a sale whose price was made for a country, and compared with that.

use chrono::TimeDelta;

use crate::{
    error::Result,
    platform::clock,
    prices::{self, queries::DueCard},
    server::state::AppState,
    stripe::client::StripeError,
};

/// So many are asked for at once.
const BATCH: i64 = 50;
/// After so long a sale is left alone.
const PATIENCE: TimeDelta = TimeDelta::days(30);

/// Asks for the cards of sales that are new. Nothing waits for it: a sale is complete without.
pub fn spawn_check(state: &AppState) {
    let state = state.clone();
    tokio::spawn(async move {
        if let Err(error) = check_pending(&state).await {
            tracing::warn!(%error, "Could not compare cards; they are asked for again");
        }
    });
}

/// Asks Stripe for every card that is still to be asked for, and answers how many it told of. While Stripe is away, they stay for
/// the next time. Two servers that do so at once do no harm.
///
/// # Errors
/// The database's.
pub async fn check_pending(state: &AppState) -> Result<usize> {
    let now = clock::now();
    let due = prices::queries::list_due_cards(&state.db, now - PATIENCE, BATCH).await?;
    let mut told = 0;
    for DueCard { purchase, payment_intent } in due {
        let country = match state.stripe.read_card_country(&payment_intent).await {
            Ok(country) => country,
            // Stripe will never know of it.
            Err(StripeError::Stripe(_, 400 | 404)) => None,
            Err(error) => {
                tracing::warn!(%purchase, %error, "Stripe did not tell of a card");
                break;
            }
        };
        let country = country.map(|code| code.to_ascii_uppercase()).filter(|code| is_code(code));
        if prices::queries::set_card(&state.db, purchase, country.as_deref(), now).await? == Some(true) {
            tracing::warn!(%purchase, card = country, "A card is of another country than the price was made for");
        }
        told += 1;
    }
    Ok(told)
}

fn is_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
