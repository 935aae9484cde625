//! Coupons: codes that discount a price, with limits on their number of uses.

pub mod admin_pages;
pub mod api;
pub mod editor;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod input;
#[cfg(feature = "ssr")]
pub mod policy;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod reservation;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{CouponId, ProductId},
    money::Cents,
    pagination::Page,
    ui::Tone,
};

/// The status of a coupon in the back office, derived from its settings and uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponStatus {
    Active,
    UsedUp,
    Expired,
    Inactive,
}

impl CouponStatus {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::UsedUp => "Used up",
            Self::Expired => "Expired",
            Self::Inactive => "Off",
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Accent,
            Self::UsedUp | Self::Expired => Tone::Warning,
            Self::Inactive => Tone::Plain,
        }
    }
}

/// A page of the list of coupons in the back office, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponList {
    pub coupons: Page<CouponRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
}

/// A coupon in the list of the back office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRow {
    pub id: CouponId,
    pub code: String,
    pub name: String,
    /// The label of the discount, such as "20% off".
    pub discount: String,
    /// The number of products that it applies to; `None` when it applies to every product.
    pub product_count: Option<i64>,
    pub redeemed: i32,
    /// The number of checkouts in progress that reserve a use.
    pub reserved: i32,
    pub max_redemptions: Option<i32>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    pub status: CouponStatus,
    /// Whether no checkout was ever started with it.
    pub is_unused: bool,
}

/// The result of removing a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponRemoval {
    Deleted,
    /// A checkout was started with it, so its row is still needed.
    SwitchedOff,
}

/// The values of the fields of a coupon's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponForm {
    /// `None` for a new coupon.
    pub id: Option<CouponId>,
    /// Increases with every change, to detect concurrent ones.
    pub version: i64,
    pub code: String,
    pub name: String,
    /// `percent` or `dollars`.
    pub kind: String,
    pub amount: String,
    /// The last day on which it is valid, such as `2026-03-31`.
    pub expires: String,
    pub max_redemptions: String,
    pub max_per_student: String,
    pub active: bool,
    pub redeemed: i32,
    pub reserved: i32,
    pub products: Vec<ProductChoice>,
}

/// A product in the picker of a coupon's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChoice {
    pub id: ProductId,
    pub name: String,
    pub chosen: bool,
}

/// The discount of a coupon, off the list price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    Percent(i32),
    Dollars(i32),
}

impl Discount {
    /// "20% off", "$15 off".
    pub fn label(self) -> String {
        match self {
            Self::Percent(percent) => format!("{percent}% off"),
            Self::Dollars(dollars) => format!("{} off", Cents::from_dollars(dollars)),
        }
    }
}
