//! Back office: listing, creating, editing and deleting courses.

pub mod admin_pages;
pub mod api;
pub mod input;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod reorder;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{id::CourseId, pagination::Page};

/// A course in the list of the back office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseRow {
    pub id: CourseId,
    pub name: String,
    pub sections: i64,
    pub lessons: i64,
    /// Students who have access.
    pub students: i64,
}

/// A page of the list of courses, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseList {
    pub courses: Page<CourseRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
}

/// A course's name and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseDetails {
    pub id: CourseId,
    pub name: String,
    /// Markdown.
    pub description: String,
}
