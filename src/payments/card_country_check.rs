//! Compares the card's country with the country whose discount was applied. Stripe is asked after the sale, so that no sale waits for it.

use chrono::TimeDelta;

use crate::{
    error::Result,
    platform::clock,
    prices::{self, queries::UncheckedCard},
    server::state::AppState,
    stripe::client::StripeError,
};

/// The most cards of one run.
const BATCH_SIZE: i64 = 50;
/// The age after which a sale is not checked any more.
const MAX_AGE: TimeDelta = TimeDelta::days(30);

/// Checks the cards of new sales in the background.
pub fn spawn_check(state: &AppState) {
    let state = state.clone();
    tokio::spawn(async move {
        if let Err(error) = check_pending(&state).await {
            tracing::warn!(%error, "Could not check the countries of cards; a job retries");
        }
    });
}

/// Checks every card that is not checked yet, and returns how many were. While Stripe is down, they stay unchecked until the next run. Two
/// servers may run it at once.
///
/// # Errors
/// The database's.
pub async fn check_pending(state: &AppState) -> Result<usize> {
    let now = clock::now();
    let due = prices::queries::list_unchecked_cards(&state.db, now - MAX_AGE, BATCH_SIZE).await?;
    let mut checked = 0;
    for UncheckedCard { purchase, payment_intent } in due {
        let country = match state.stripe.retrieve_card_country(&payment_intent).await {
            Ok(country) => country,
            // Stripe does not have this payment, and never will.
            Err(StripeError::Stripe(_, 400 | 404)) => None,
            Err(error) => {
                tracing::warn!(%purchase, %error, "Could not retrieve the country of a card");
                break;
            }
        };
        let country = country.map(|code| code.to_ascii_uppercase()).filter(|code| is_country_code(code));
        if prices::queries::update_card_country(&state.db, purchase, country.as_deref(), now).await? == Some(true) {
            tracing::warn!(%purchase, card = country, "A card is from another country than the one whose discount was applied");
        }
        checked += 1;
    }
    Ok(checked)
}

fn is_country_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
