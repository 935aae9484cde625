//! Prices: the list price less the better of two discounts, by country (purchasing power parity, PPP) or by coupon, never both.

pub mod admin_pages;
pub mod api;
pub mod editor;
pub mod price_view;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod input;
#[cfg(feature = "ssr")]
pub mod policy;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod quote;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use serde::{Deserialize, Serialize};

use crate::money::Cents;

/// A price as shown to a buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceQuote {
    pub list: Cents,
    /// The price to pay.
    pub amount: Cents,
    /// The name of the discount, as on the receipt; `None` at the list price.
    pub discount_name: Option<String>,
}

impl PriceQuote {
    /// The list price without a discount.
    pub const fn full(list: Cents) -> Self {
        Self { list, amount: list, discount_name: None }
    }

    pub const fn is_free(&self) -> bool {
        self.amount.is_zero()
    }
}

/// A coupon code that a buyer entered, and its effect on the price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponResult {
    /// The code as entered; empty without one.
    pub typed: String,
    /// Whether the price has its discount. The form of the checkout then sends it.
    pub applied: bool,
    /// The error of a code that cannot be used.
    pub error: Option<String>,
    /// The reason why a usable code is not applied.
    pub note: Option<String>,
}

/// The settings of the discounts by country, as the form shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingForm {
    /// Increases with every change, to detect concurrent ones.
    pub version: i64,
    pub enabled: bool,
    /// In whole dollars.
    pub minimum_price: i32,
    pub countries: Vec<CountryRow>,
    /// Codes and names of the countries without a discount.
    pub other_countries: Vec<(String, String)>,
    pub country_source: CountrySource,
}

/// The discount of a country, in the form of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryRow {
    pub code: String,
    pub name: String,
    pub percent: i32,
    pub enabled: bool,
}

/// The configured source of a visitor's country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CountrySource {
    None,
    /// The header of this name, set by a trusted proxy.
    Header(String),
    /// The `GeoIP` database.
    Database,
    /// The header of this name, else the database.
    HeaderOrDatabase(String),
}
