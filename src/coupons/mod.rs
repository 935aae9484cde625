//! Coupons: codes that take something off.

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
#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::CouponId, ui::Tone};

/// Whether a coupon can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponStatus {
    Active,
    UsedUp,
    Expired,
    Discount,
}

impl CouponStatus {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::UsedUp => "Used up",
            Self::Expired => "Expired",
            Self::Discount => "Off",
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Accent,
            Self::UsedUp | Self::Expired => Tone::Warning,
            Self::Discount => Tone::Plain,
        }
    }
}

/// A page of the back office's list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponList {
    pub coupons: Vec<CouponRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub more: bool,
}

/// A coupon as the back office lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRow {
    pub id: CouponId,
    pub code: String,
    pub name: String,
    /// "20% off".
    pub off: String,
    /// How many products it is for; nothing when for all.
    pub products: Option<i64>,
    pub redeemed: i32,
    /// Being paid with it right now.
    pub held: i32,
    pub most: Option<i32>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    pub standing: CouponStatus,
    /// Nobody ever began to pay with it.
    pub unused: bool,
}

/// What taking a coupon away comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    Deleted,
    /// It was used: it stays, and counts no more.
    SwitchedOff,
}

/// A coupon to write, as its fields hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponForm {
    /// Nothing for a new one.
    pub id: Option<CouponId>,
    /// Counts up with every change.
    pub version: i64,
    pub code: String,
    pub name: String,
    /// `percent` or `dollars`.
    pub kind: String,
    pub amount: String,
    /// The last day, as `2026-03-31`.
    pub expires: String,
    pub most: String,
    pub each: String,
    pub active: bool,
    pub redeemed: i32,
    pub held: i32,
    pub products: Vec<ProductChoice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChoice {
    pub id: crate::id::ProductId,
    pub name: String,
    pub chosen: bool,
}

/// What a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    Percent(i32),
    Dollars(i32),
}
