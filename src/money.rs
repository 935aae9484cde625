//! Amounts of money in whole cents of US dollars. Nothing uses floating point, which cannot represent cents exactly.

use std::{
    fmt,
    ops::{Add, Sub},
};

use serde::{Deserialize, Serialize};

/// An amount in US cents. A discount or a refund is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Self = Self(0);

    /// Converts whole dollars, as list prices are stored.
    pub const fn from_dollars(dollars: i32) -> Self {
        Self(dollars as i64 * 100)
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Parses entered dollars and cents: `12`, `12.5`, `$1,234.50`. Returns `None` for anything else, also for a negative amount.
    pub fn typed(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('$').trim_start();
        let (dollars, cents) = text.split_once('.').unwrap_or((text, ""));
        let dollars = ungroup(dollars)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&dollars)
            || !digits(cents)
            || cents.len() > 2
            || dollars.len() > 12
            || text.trim_matches('.').is_empty()
        {
            return None;
        }
        let dollars: i64 = if dollars.is_empty() { 0 } else { dollars.parse().ok()? };
        let cents: i64 = format!("{cents:0<2}").parse().ok()?;
        Some(Self(dollars * 100 + cents))
    }

    /// Formats the amount without currency sign and separators, such as `40.00`, for a form field or a CSV file.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// Removes the commas between thousands. Returns `None` for a comma elsewhere: as a decimal sign, its removal would multiply the amount.
pub fn ungroup(number: &str) -> Option<String> {
    let mut groups = number.split(',');
    let first = groups.next()?;
    let grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    (grouped || first == number).then(|| number.replace(',', ""))
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl From<i32> for Cents {
    fn from(cents: i32) -> Self {
        Self(cents.into())
    }
}

/// Formats the amount as `$1,234`, `$12.50` or `−$3`, with cents only when they are not zero.
impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = (self.0.unsigned_abs() / 100).to_string();
        let mut dollars = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                dollars.push(',');
            }
            dollars.push(digit);
        }
        let sign = if self.0 < 0 { "−" } else { "" };
        match self.0.unsigned_abs() % 100 {
            0 => write!(f, "{sign}${dollars}"),
            cents => write!(f, "{sign}${dollars}.{cents:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "$0")]
    #[case(5, "$0.05")]
    #[case(6000, "$60")]
    #[case(1250, "$12.50")]
    #[case(123_456_789, "$1,234,567.89")]
    #[case(-300, "−$3")]
    fn amounts_are_displayed_with_separators_and_without_zero_cents(#[case] cents: i64, #[case] text: &str) {
        assert_eq!(Cents(cents).to_string(), text);
    }

    #[rstest]
    #[case("12", Some(1200))]
    #[case(" $1,234.5 ", Some(123_450))]
    #[case("0.05", Some(5))]
    #[case(".5", Some(50))]
    #[case("7.", Some(700))]
    #[case("", None)]
    #[case(".", None)]
    #[case("1.234", None)]
    #[case("4,5", None)]
    #[case("4,50", None)]
    #[case("12,34.5", None)]
    #[case(",500", None)]
    #[case("1,234,567", Some(123_456_700))]
    #[case("-3", None)]
    #[case("1e3", None)]
    #[case("99999999999999999999", None)]
    fn entered_amounts_are_parsed_or_rejected(#[case] text: &str, #[case] cents: Option<i64>) {
        assert_eq!(Cents::typed(text), cents.map(Cents));
    }

    #[test]
    fn plain_amounts_have_two_decimals() {
        assert_eq!((Cents(4000).plain(), Cents(-105).plain()), ("40.00".into(), "-1.05".into()));
    }
}
