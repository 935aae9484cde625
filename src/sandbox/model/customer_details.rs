//! Details of the buyer, entered on the payment page.

use serde::{Deserialize, Serialize};

use crate::sandbox::model::test_card::TestCard;

/// The buyer's email address and card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerDetails {
    pub email: String,
    /// Country that issued the card: two letters, ISO 3166-1.
    pub country: String,
    #[serde(default)]
    pub card: TestCard,
}

impl Default for CustomerDetails {
    fn default() -> Self {
        Self { email: "buyer@example.com".to_owned(), country: "US".to_owned(), card: TestCard::Plain }
    }
}

/// Whether a text has the form of an email address, as far as Stripe checks it.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.contains(char::is_whitespace)
}
