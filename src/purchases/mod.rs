//! Purchases as the buyer sees them: the history and the receipts.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod receipt_pdf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::PurchaseId,
    money::Cents,
    pagination::Page,
    payments::{ProductDetails, RefundOrigin},
    ui::utc_day,
};

/// A row of the purchase history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRow {
    pub id: PurchaseId,
    pub name: String,
    pub paid: Cents,
    pub refunded: Cents,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub refunded_at: Option<DateTime<Utc>>,
    /// A dispute is open, so access is paused.
    pub paused: bool,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub bought_at: DateTime<Utc>,
}

/// A page of the history, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub purchases: Page<PurchaseRow>,
    /// From 1.
    pub page: u32,
}

/// A receipt. It is made of our own rows, so it does not need Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: PurchaseId,
    pub number: i64,
    pub seller: String,
    /// The address, with line breaks.
    pub seller_address: String,
    pub buyer_name: String,
    pub buyer_email: String,
    pub product: ProductDetails,
    pub subtotal: Cents,
    pub paid: Cents,
    pub discount_name: Option<String>,
    pub refunds: Vec<RefundRow>,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub bought_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub refunded_at: Option<DateTime<Utc>>,
    /// A dispute is open, so access is paused.
    pub paused: bool,
    /// A dispute was lost: the bank returned the payment to the buyer.
    pub lost: bool,
    /// The payment was made at Stripe, which has a receipt of its own.
    pub at_stripe: bool,
}

/// A refund, or a chargeback, of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRow {
    pub amount: Cents,
    pub origin: RefundOrigin,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

impl Receipt {
    pub fn discount(&self) -> Cents {
        self.subtotal - self.paid
    }

    /// The sentence about an open or lost dispute.
    pub fn dispute_notice(&self) -> Option<&'static str> {
        if self.lost {
            Some("Your bank returned this payment to you after a dispute, so the purchase has ended.")
        } else if self.paused {
            Some("This payment is disputed at your bank. Your access is paused until the bank has decided.")
        } else {
            None
        }
    }

    /// The amount paid, less refunds.
    pub fn total(&self) -> Cents {
        self.refunds.iter().fold(self.paid, |total, refund| total - refund.amount)
    }

    /// The rows of the amounts: label, amount, and whether it is the total.
    pub fn rows(&self) -> Vec<(String, Cents, bool)> {
        let mut rows = vec![("Subtotal".to_owned(), self.subtotal, false)];
        if !self.discount().is_zero() {
            let name = self.discount_name.clone().unwrap_or_else(|| "Discount".into());
            rows.push((name, Cents::ZERO - self.discount(), false));
            rows.push(("Paid".to_owned(), self.paid, false));
        }
        rows.extend(self.refunds.iter().map(|refund| {
            (format!("{}, {}", refund.origin.label(), utc_day(refund.at)), Cents::ZERO - refund.amount, false)
        }));
        rows.push(("Total".to_owned(), self.total(), true));
        rows
    }
}
