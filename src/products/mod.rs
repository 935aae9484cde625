//! Products: what the storefront sells. A product has a price and contains one or more courses.

pub mod admin_pages;
pub mod api;
pub mod card;
pub mod editor;
pub mod pages;
pub mod policy;
pub mod slug;

#[cfg(feature = "ssr")]
pub mod admin_queries;
#[cfg(feature = "ssr")]
pub mod input;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    courses::Outline,
    id::{CourseId, LessonId, ProductId},
    money::Cents,
    prices::{CouponResult, PriceQuote},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "product_status", rename_all = "lowercase"))]
pub enum ProductStatus {
    Public,
    Private,
}

/// A product as the storefront shows it.
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
    pub products: Vec<ProductCard>,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub more: bool,
    pub resume: Option<Resume>,
}

/// Where a returning student goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    pub course: CourseId,
    pub course_name: String,
    pub lesson: LessonId,
    pub lesson_name: String,
}

/// A product on its own page, with what it contains.
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
    /// The Checkout Session whose payment is on its way.
    pub waiting: Option<String>,
    pub courses: Vec<ProductCourse>,
}

/// A course inside a product: its published outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCourse {
    pub id: CourseId,
    pub name: String,
    /// One line of plain text.
    pub description: String,
    /// Whether the viewer has this course already, by this product or another.
    pub access: bool,
    #[serde(rename = "sections")]
    pub outline: Outline,
}

/// A page of the back office's list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductList {
    pub products: Vec<ProductRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub more: bool,
}

/// A product as the back office lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRow {
    pub id: ProductId,
    pub slug: String,
    pub name: String,
    pub image_url: String,
    pub price: Cents,
    pub status: ProductStatus,
    pub courses: i64,
    /// Who has it now.
    pub customers: i32,
    /// How often it was bought.
    pub bought: i32,
    pub removal: Removal,
}

/// What deleting a product comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// Nobody bought it: it goes.
    Delete,
    /// Somebody may be paying for it right now: it is made private.
    Awaited,
    /// It was sold: it is made private, and its buyers keep it.
    Sold,
}

/// A product to write, with every course there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductForm {
    /// Nothing for a new one.
    pub id: Option<ProductId>,
    /// Counts up with every change.
    pub version: i64,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub image_url: String,
    pub dollars: i32,
    pub status: ProductStatus,
    /// Whether it costs less where people have less.
    pub purchasing_power: bool,
    pub bought: i32,
    /// What it contains, then everything else, by name.
    pub courses: Vec<CourseChoice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseChoice {
    pub id: CourseId,
    pub name: String,
    pub chosen: bool,
}
