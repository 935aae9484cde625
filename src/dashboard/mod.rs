//! The back office. For everybody but admins it is not there.

pub mod activity_api;
pub mod activity_pages;
pub mod admin_pages;
pub mod api;
pub mod time_zone;

#[cfg(feature = "ssr")]
pub mod queries;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ProductId, PurchaseId},
    money::Cents,
};

/// The school in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// What was paid, less what was given back.
    pub net_sales: Cents,
    pub refunded_sales: Cents,
    /// Those not refunded.
    pub purchases: i64,
    pub refunded_purchases: i64,
    /// Those whose payment is disputed now.
    pub disputed: i64,
    /// People with a purchase that is not refunded.
    pub buyers: i64,
    pub students: i64,
    pub products: i64,
    pub courses: i64,
    pub sections: i64,
    pub lessons: i64,
}

impl Overview {
    /// Unrefunded purchases for each buyer who has one, to one decimal.
    pub fn purchases_per_buyer(&self) -> String {
        if self.buyers <= 0 {
            return "0".into();
        }
        let tenths = (self.purchases * 20 + self.buyers) / (self.buyers * 2);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The first page of the back office: the figures, and how they came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    pub overview: Overview,
    pub trade: SalesReport,
}

/// Sales over time, by product, and the latest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesReport {
    /// The time zone whose days these are, such as `Europe/Berlin`.
    pub zone: String,
    /// Net sales of each day, today last; days without sales too.
    pub days: Vec<DaySales>,
    pub best: Vec<ProductSales>,
    pub purchases: Vec<RecentPurchase>,
    pub refunds: Vec<RecentRefund>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySales {
    /// `2026-03-05`.
    pub day: String,
    pub net: Cents,
}

/// What a product brought in, and how often it was bought and kept.
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
    /// Whether Stripe has not sent it yet.
    pub pending: bool,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, 0, "0")]
    #[case(3, 3, "1.0")]
    #[case(4, 3, "1.3")]
    #[case(5, 3, "1.7")]
    #[case(5, 4, "1.3")]
    #[case(29, 15, "1.9")]
    #[case(39, 20, "2.0")]
    fn purchases_per_buyer_have_one_decimal(#[case] purchases: i64, #[case] buyers: i64, #[case] words: &str) {
        let overview = Overview {
            net_sales: Cents::ZERO,
            refunded_sales: Cents::ZERO,
            purchases,
            refunded_purchases: 0,
            disputed: 0,
            buyers,
            students: 0,
            products: 0,
            courses: 0,
            sections: 0,
            lessons: 0,
        };
        assert_eq!(overview.purchases_per_buyer(), words);
    }
}
