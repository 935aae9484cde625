//! Dashboard: the first page of the back office, and the page of the audit log.

pub mod activity_api;
pub mod activity_pages;
pub mod admin_pages;
pub mod api;
pub mod time_zone;

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ProductId, PurchaseId},
    money::Cents,
};

/// The totals of the school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Payments less refunds.
    pub net_sales: Cents,
    pub refunded_sales: Cents,
    /// Purchases that are not refunded.
    pub purchases: i64,
    pub refunded_purchases: i64,
    /// Purchases with an open dispute.
    pub disputed: i64,
    /// Users with a purchase that is not refunded.
    pub buyers: i64,
    pub students: i64,
    pub products: i64,
    pub courses: i64,
    pub sections: i64,
    pub lessons: i64,
}

impl Overview {
    /// Unrefunded purchases divided by [`buyers`](Self::buyers), to one decimal.
    pub fn purchases_per_buyer(&self) -> String {
        if self.buyers <= 0 {
            return "0".into();
        }
        let tenths = (self.purchases * 20 + self.buyers) / (self.buyers * 2);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The first page of the back office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    pub overview: Overview,
    pub report: SalesReport,
}

/// Sales by day, sales by product, and the latest purchases and refunds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesReport {
    /// The IANA time zone of the days, such as `Europe/Berlin`.
    pub zone: String,
    /// Net sales of each day, including days without sales. Today is the last.
    pub days: Vec<DaySales>,
    pub best_sellers: Vec<ProductSales>,
    pub purchases: Vec<RecentPurchase>,
    pub refunds: Vec<RecentRefund>,
}

/// Net sales of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySales {
    /// `2026-03-05`.
    pub day: String,
    pub net: Cents,
}

/// Net sales of a product of all time, and its purchases that are not refunded (`live`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSales {
    pub id: ProductId,
    pub name: String,
    pub net: Cents,
    pub live: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentPurchase {
    pub id: PurchaseId,
    pub email: String,
    pub product: String,
    pub paid: Cents,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentRefund {
    pub purchase: PurchaseId,
    pub email: String,
    pub product: String,
    pub amount: Cents,
    /// Whether Stripe has not completed it.
    pub pending: bool,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub at: DateTime<Utc>,
}
