//! Checkout: everything before the payment. An attempt is stored before Stripe is called; a verified webhook turns it into a purchase.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    id::{CourseId, PurchaseId},
    prices::{CouponResult, PriceQuote},
};

/// The data of the checkout page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutPage {
    pub slug: String,
    pub name: String,
    pub image_url: String,
    pub price: PriceQuote,
    pub code: CouponResult,
    pub courses: Vec<String>,
}

/// The data of the page to which Stripe returns the buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutResult {
    pub slug: String,
    pub name: String,
    pub stage: Stage,
}

/// How far a checkout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The product was bought. `course` is set when the product has only one.
    Bought {
        purchase: PurchaseId,
        course: Option<CourseId>,
    },
    /// The product was bought, and the purchase was fully refunded since.
    Refunded {
        purchase: PurchaseId,
    },
    /// The payment cannot become a purchase and is refunded: the product was owned already, or the account was deleted.
    PaymentRefunded,
    /// Stripe has not reported the payment yet. `delayed`: the bank needs up to some days.
    Waiting {
        delayed: bool,
    },
    Failed,
    Expired,
}
