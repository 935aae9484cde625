//! Prices: what something costs this very person. The list price, less what purchasing power or a coupon takes off: the better of the
//! two, never both.

pub mod admin_pages;
pub mod api;
pub mod editor;
pub mod price_view;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod policy;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod quote;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::money::Cents;

/// A price as somebody reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceQuote {
    pub list: Cents,
    /// What is paid.
    pub now: Cents,
    /// Why it is less, in words.
    pub why: Option<String>,
}

impl PriceQuote {
    /// The list price, and nothing off.
    pub const fn full(list: Cents) -> Self {
        Self { list, now: list, why: None }
    }

    pub const fn is_free(&self) -> bool {
        self.now.is_zero()
    }
}

/// A code as it was typed, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponResult {
    pub typed: String,
    /// It counts: it belongs into the form that buys.
    pub counts: bool,
    /// Why it cannot be used.
    pub error: Option<String>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// The settings of purchasing power, to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingForm {
    /// Counts up with every change.
    pub version: i64,
    pub enabled: bool,
    pub smallest: i32,
    pub countries: Vec<CountryRow>,
    /// The countries that are not in the list: codes and names.
    pub others: Vec<(String, String)>,
    /// Where the country of a visitor is known from.
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryRow {
    pub code: String,
    pub name: String,
    pub percent: i32,
    pub enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    Nothing,
    Header(String),
    Database,
    Both(String),
}
