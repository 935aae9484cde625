//! The back office. For everybody but admins it is not there.

pub mod activity;
pub mod api;
#[cfg(feature = "ssr")]
pub mod audit;
#[cfg(feature = "ssr")]
pub mod door;
pub mod layout;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

use crate::money::Cents;

/// The school in figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// What was paid, less what was given back.
    pub net_sales: Cents,
    pub refunded_sales: Cents,
    pub purchases: i64,
    pub refunded_purchases: i64,
    pub students: i64,
    pub products: i64,
    pub courses: i64,
    pub sections: i64,
    pub lessons: i64,
}
