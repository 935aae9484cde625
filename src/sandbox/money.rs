//! Amounts of money as text, formatted for pages and parsed from forms.

/// Whether the currency's smallest unit is the currency itself: <https://docs.stripe.com/currencies#zero-decimal>.
fn is_zero_decimal(currency: &str) -> bool {
    matches!(currency, "jpy" | "krw")
}

/// Formats an amount in the currency's smallest unit: `$60.00`, `60.00 EUR`, `60 JPY`.
pub fn format_amount(amount: i64, currency: &str) -> String {
    let (sign, size) = (if amount < 0 { "−" } else { "" }, amount.unsigned_abs());
    if currency == "usd" {
        format!("{sign}${}.{:02}", size / 100, size % 100)
    } else if is_zero_decimal(currency) {
        format!("{sign}{size} {}", currency.to_ascii_uppercase())
    } else {
        format!("{sign}{}.{:02} {}", size / 100, size % 100, currency.to_ascii_uppercase())
    }
}

/// Parses an amount as a person types it, such as `12.50` or `$12`, into the currency's smallest unit.
pub fn parse_amount(text: &str, currency: &str) -> Option<i64> {
    let text = text.trim_start_matches('$');
    if is_zero_decimal(currency) {
        return text.parse().ok();
    }
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(cents) || cents.len() > 2 {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("12.50", "usd", Some(1250))]
    #[case("$12", "usd", Some(1200))]
    #[case("0.5", "usd", Some(50))]
    #[case("12.505", "usd", None)]
    #[case("-1", "usd", None)]
    #[case("1e3", "usd", None)]
    #[case("99999999999999999999", "usd", None)]
    #[case("12", "jpy", Some(12))]
    fn amounts_are_parsed_as_people_type_them(#[case] text: &str, #[case] currency: &str, #[case] amount: Option<i64>) {
        assert_eq!(parse_amount(text, currency), amount);
    }
}
