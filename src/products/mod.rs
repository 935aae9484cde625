//! Products: what the storefront sells. A product has a price and contains one or more courses.

pub mod admin;
pub mod api;
pub mod card;
pub mod pages;
pub mod policy;
#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

use crate::{
    courses::{CourseId, Outline},
    id::Id,
    lessons::LessonId,
    money::Cents,
};

/// Names what a [`ProductId`] identifies.
pub enum ProductKey {}
pub type ProductId = Id<ProductKey>;

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
    pub description: String,
    pub image_url: String,
    pub price: Cents,
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
    pub description: String,
    pub image_url: String,
    pub price: Cents,
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
    pub description: String,
    /// Whether the viewer has this course already, by this product or another.
    pub access: bool,
    #[serde(rename = "sections")]
    pub outline: Outline,
}
