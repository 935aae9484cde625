//! Courses as the back office lists and edits them.

pub mod admin_pages;
pub mod api;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod reorder;
#[cfg(feature = "ssr")]
pub mod service;

use crate::{
    courses::DESCRIPTION,
    error::{Error, Result},
    fields::{parse_name, parse_text},
    id::CourseId,
};
use serde::{Deserialize, Serialize};

/// A course in the list of the back office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseRow {
    pub id: CourseId,
    pub name: String,
    pub sections: i64,
    pub lessons: i64,
    /// Those who have access.
    pub students: i64,
}

/// A page of the courses, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseList {
    pub courses: Vec<CourseRow>,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub more: bool,
}

/// What a course is called and about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseDetails {
    pub id: CourseId,
    pub name: String,
    /// Markdown.
    pub description: String,
}

/// A course's details as somebody types them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseForm {
    pub name: String,
    /// Markdown.
    pub description: String,
}

impl CourseForm {
    /// The form as it is kept.
    pub fn parse(&self) -> Result<Self> {
        let description = parse_text("description", &self.description, DESCRIPTION);
        match (parse_name(&self.name), description) {
            (Ok(name), Ok(description)) => Ok(Self { name, description }),
            (name, description) => Err(Error::Invalid(name.err().into_iter().chain(description.err()).collect())),
        }
    }
}
