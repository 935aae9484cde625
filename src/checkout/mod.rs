//! Checkout: buying. An attempt is a row before Stripe is called; a verified webhook turns it into a purchase.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod handlers;

use serde::{Deserialize, Serialize};

use crate::{
    id::{CourseId, PurchaseId},
    prices::{CouponResult, PriceQuote},
};

/// What the buyer is about to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutPage {
    pub slug: String,
    pub name: String,
    pub image_url: String,
    pub price: PriceQuote,
    pub code: CouponResult,
    pub courses: Vec<String>,
}

/// What became of a checkout, as the return page tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutResult {
    pub slug: String,
    pub name: String,
    pub stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Bought. `course` is set when the product has just one.
    Bought {
        purchase: PurchaseId,
        course: Option<CourseId>,
    },
    /// Bought, and all of it went back since.
    Refunded {
        purchase: PurchaseId,
    },
    /// Paid a second time for something owned: the money goes back.
    Returned,
    /// Stripe has not told us yet. `delayed`: the bank takes its time.
    Waiting {
        delayed: bool,
    },
    Failed,
    Expired,
}
