//! Money: integer cents, always US dollars. No floating point anywhere.

use std::{
    fmt,
    ops::{Add, Sub},
};

use serde::{Deserialize, Serialize};

/// An amount in US cents. It may be negative where something is taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Self = Self(0);

    /// Whole dollars, as prices are written.
    pub const fn from_dollars(dollars: i32) -> Self {
        Self(dollars as i64 * 100)
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What somebody typed as dollars and cents: `12`, `12.5`, `$1,234.50`. `None` when it is no amount, or negative.
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

    /// `40.00`, as a field holds it and a table of figures shows it.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// Removes the commas between thousands; `None` where a comma stands elsewhere. Where it is a decimal sign, leaving it out would be ten
/// or a hundred times as much.
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

/// `$1,234`, `$12.50`, `−$3`: cents only where there are some.
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
    fn amounts_read_as_a_person_writes_them(#[case] cents: i64, #[case] text: &str) {
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
    fn what_is_typed_is_an_amount_or_nothing(#[case] text: &str, #[case] cents: Option<i64>) {
        assert_eq!(Cents::typed(text), cents.map(Cents));
    }

    #[test]
    fn a_field_holds_dollars_and_cents() {
        assert_eq!((Cents(4000).plain(), Cents(-105).plain()), ("40.00".into(), "-1.05".into()));
    }
}
