//! Lessons: a video and its notes.

use serde::{Deserialize, Serialize};

use crate::id::Id;

/// Names what a [`LessonId`] identifies.
pub enum LessonKey {}
pub type LessonId = Id<LessonKey>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "lesson_status", rename_all = "lowercase"))]
pub enum LessonStatus {
    Public,
    Private,
    Preview,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "section_status", rename_all = "lowercase"))]
pub enum SectionStatus {
    Public,
    Private,
}

/// What is set to be seen: a lesson is as visible as its section lets it be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    pub section: SectionStatus,
    pub lesson: LessonStatus,
}
