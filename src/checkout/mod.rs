//! Checkout: buying. An attempt is a row before Stripe is called; a verified webhook turns it into a purchase.

pub mod api;
pub mod pages;

#[cfg(test)]
mod any_order;

#[cfg(feature = "ssr")]
pub mod facts;
#[cfg(feature = "ssr")]
pub mod fulfil;
#[cfg(feature = "ssr")]
pub mod letters;
#[cfg(feature = "ssr")]
pub mod moves;
#[cfg(feature = "ssr")]
pub mod news;
#[cfg(feature = "ssr")]
pub mod news_queries;
#[cfg(feature = "ssr")]
pub mod outcome;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod reconcile;
#[cfg(feature = "ssr")]
pub mod start;
#[cfg(feature = "ssr")]
pub mod stripe;
#[cfg(feature = "ssr")]
pub mod webhook;

use serde::{Deserialize, Serialize};

use crate::{
    courses::CourseId,
    id::Id,
    prices::{CodeAnswer, Priced},
    purchases::PurchaseId,
};

/// Names what an [`AttemptId`] identifies.
pub enum AttemptKey {}
pub type AttemptId = Id<AttemptKey>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "attempt_state", rename_all = "lowercase"))]
pub enum AttemptState {
    Open,
    Paid,
    Free,
    Expired,
    Failed,
}

/// What the buyer is about to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutPage {
    pub slug: String,
    pub name: String,
    pub image_url: String,
    pub price: Priced,
    pub code: CodeAnswer,
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
