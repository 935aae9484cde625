//! Parsing of the form of the discounts by country.

use std::collections::BTreeMap;

use crate::{
    country::Country,
    error::{Error, FieldError, Result},
    fields::{whole_number, without_sign},
    server::http::form_post::PostedForm,
};

const INVALID_PERCENT: &str = "Enter a whole number from 1 to 99.";
const MAX_MINIMUM_DOLLARS: i32 = 999_999;

/// The parsed form: the settings, and a discount for every country of the form and for a new one.
pub struct PricingDraft {
    pub enabled: bool,
    /// The minimum price in whole dollars.
    pub minimum_dollars: i32,
    /// Percent, and whether the discount is switched on.
    pub countries: BTreeMap<Country, (i32, bool)>,
}

/// Parses the form.
///
/// # Errors
/// [`Error::Invalid`] with every invalid field.
pub fn parse(posted: &PostedForm) -> Result<PricingDraft> {
    let mut errors = Vec::new();
    let minimum_dollars = whole_number(without_sign(posted.get("minimum_price")), 0..=MAX_MINIMUM_DOLLARS);
    if minimum_dollars.is_none() {
        let message = "Enter whole dollars, such as 5, or 0 for Stripe’s minimum of 50 cents.";
        errors.push(FieldError::new("minimum_price", message));
    }
    let mut countries = BTreeMap::new();
    for (name, typed) in &posted.0 {
        let Some(country) = name.strip_prefix("percent-").and_then(|code| code.parse::<Country>().ok()) else {
            continue;
        };
        match parse_percent(typed) {
            Some(percent) => {
                let enabled = !posted.get(&format!("on-{country}")).is_empty();
                countries.insert(country, (percent, enabled));
            }
            None => errors.push(FieldError::new(name, INVALID_PERCENT)),
        }
    }
    let (new_country, new_percent) = (posted.get("country"), posted.get("new_percent"));
    match (new_country.parse::<Country>(), parse_percent(new_percent)) {
        _ if new_country.is_empty() && new_percent.trim().is_empty() => {}
        (Ok(country), Some(percent)) => {
            countries.insert(country, (percent, true));
        }
        (Err(()), _) => errors.push(FieldError::new("country", "Choose a country.")),
        (_, None) => errors.push(FieldError::new("new_percent", INVALID_PERCENT)),
    }
    match (minimum_dollars, errors.is_empty()) {
        (Some(minimum_dollars), true) => {
            Ok(PricingDraft { enabled: !posted.get("enabled").is_empty(), minimum_dollars, countries })
        }
        _ => Err(Error::Invalid(errors)),
    }
}

/// Parses a percentage that leaves a price above zero.
fn parse_percent(typed: &str) -> Option<i32> {
    whole_number(without_sign(typed), 1..=99)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("40", Some(40))]
    #[case(" 40 % ", Some(40))]
    #[case("1", Some(1))]
    #[case("99", Some(99))]
    #[case("0", None)]
    #[case("100", None)]
    #[case("-5", None)]
    #[case("+5", None)]
    #[case("4.5", None)]
    #[case("", None)]
    #[case("99999999999999999999", None)]
    fn a_percentage_is_a_whole_number_from_1_to_99(#[case] typed: &str, #[case] expected: Option<i32>) {
        assert_eq!(parse_percent(typed), expected);
    }
}
