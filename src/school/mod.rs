//! The settings of the school: its name, and its legal seller, which receipts name.

pub mod admin_pages;
pub mod api;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod input;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use serde::{Deserialize, Serialize};

/// The settings of the school, as stored and as the form has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolForm {
    /// Increases with every change, to detect concurrent ones.
    pub version: i64,
    pub name: String,
    pub tagline: String,
    /// The legal seller on receipts; empty when it is the school itself.
    pub seller_name: String,
    pub seller_address: String,
}
