//! Products: the storefront, the product pages, and their back office. A product has a price and contains one or more courses.

pub mod admin_pages;
pub mod api;
pub mod editor;
pub mod pages;
pub mod policy;
pub mod slug;

#[cfg(feature = "ssr")]
pub mod admin_queries;
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

use crate::{
    courses::Outline,
    id::{CourseId, LessonId, ProductId},
    money::Cents,
    pagination::Page,
    prices::{CouponResult, PriceQuote},
};

/// Whether the storefront shows a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "product_status", rename_all = "lowercase"))]
pub enum ProductStatus {
    Public,
    /// Only admins see it, and nobody can buy it.
    Private,
}

impl ProductStatus {
    /// Returns the value in forms, which is the identifier in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Parses the value of a form.
    pub fn from_value(value: &str) -> Option<Self> {
        [Self::Public, Self::Private].into_iter().find(|status| status.value() == value)
    }
}

/// A product in the storefront.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCard {
    pub slug: String,
    pub name: String,
    /// One line of plain text.
    pub description: String,
    pub image_url: String,
    pub price: PriceQuote,
    pub courses: i64,
}

/// A page of the storefront.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storefront {
    pub products: Page<ProductCard>,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub resume: Option<Resume>,
}

/// The lesson with which a returning student continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    pub course: CourseId,
    pub course_name: String,
    pub lesson: LessonId,
    pub lesson_name: String,
}

/// The data of a product page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPage {
    pub id: ProductId,
    pub slug: String,
    pub name: String,
    /// One line of plain text.
    pub summary: String,
    /// HTML.
    pub description: String,
    pub image_url: String,
    pub price: PriceQuote,
    pub code: CouponResult,
    pub status: ProductStatus,
    pub owned: bool,
    /// The id of the Checkout Session whose payment Stripe is processing.
    pub waiting: Option<String>,
    pub courses: Vec<ProductCourse>,
}

/// A course that a product contains, with its published outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCourse {
    pub id: CourseId,
    pub name: String,
    /// One line of plain text.
    pub description: String,
    /// Whether the viewer has access to the course, by this product or another.
    pub access: bool,
    #[serde(rename = "sections")]
    pub outline: Outline,
}

/// A page of the list of products in the back office, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductList {
    pub products: Page<ProductRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
}

/// A product in the list of the back office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRow {
    pub id: ProductId,
    pub slug: String,
    pub name: String,
    pub image_url: String,
    pub price: Cents,
    pub status: ProductStatus,
    pub courses: i64,
    /// Number of users who own it.
    pub customers: i32,
    /// Number of purchases, also of those that were refunded.
    pub bought: i32,
    pub removal: Removal,
}

/// What happens to a product that an admin removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// Nobody bought it: it is deleted.
    Delete,
    /// A checkout of it may still be paid: it is made private.
    CheckoutPending,
    /// It was bought: it is made private, and its buyers keep access.
    Sold,
}

/// The form of a product, with all courses to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductForm {
    /// `None` for a new product.
    pub id: Option<ProductId>,
    /// Incremented by every change.
    pub version: i64,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub image_url: String,
    pub dollars: i32,
    pub status: ProductStatus,
    /// Whether discounts by country apply.
    pub purchasing_power: bool,
    pub bought: i32,
    /// The courses that it contains, then all others, by name.
    pub courses: Vec<CourseChoice>,
}

/// A course in the form of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseChoice {
    pub id: CourseId,
    pub name: String,
    pub chosen: bool,
}
