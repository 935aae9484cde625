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
}
