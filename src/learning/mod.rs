//! Learning: the courses of a student, the course page, the lesson player, and progress.

pub mod api;
pub mod course_page;
pub mod lesson_page;
pub mod pages;
pub mod policy;

#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

use crate::{
    courses::{Outline, lesson::Visibility},
    id::{CourseId, LessonId},
    pagination::Page,
    prices::PriceQuote,
};

/// A course that the student has access to, with their progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCourse {
    pub id: CourseId,
    pub name: String,
    pub image_url: Option<String>,
    /// Published lessons that the student completed.
    pub done: i64,
    /// Published lessons.
    pub total: i64,
    pub next: Option<NextLesson>,
}

/// The lesson that "Continue" opens. `number` counts the published lessons of the course from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextLesson {
    pub id: LessonId,
    pub number: i64,
}

/// A page of the student's courses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCourses {
    pub courses: Page<MyCourse>,
    /// Names of products whose payment is disputed, which pauses access.
    pub disputed: Vec<String>,
    /// From 1.
    pub page: u32,
}

/// The data of a course page: the outline, with the lessons that the student completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePage {
    pub id: CourseId,
    pub name: String,
    /// HTML.
    pub description: String,
    pub outline: Outline,
}

/// The data of a lesson page. It contains the video's id only for viewers who may watch the lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonPage {
    pub course: CourseId,
    pub course_name: String,
    pub id: LessonId,
    pub name: String,
    pub visibility: Visibility,
    pub outline: Outline,
    pub view: LessonView,
}

/// The part of a lesson page that depends on whether the viewer may watch the lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LessonView {
    Playing {
        youtube_video_id: String,
        /// HTML.
        notes: Option<String>,
        /// Whether the viewer completed the lesson; `None` for viewers who cannot complete it.
        done: Option<bool>,
        /// The product to buy, for viewers who watch a preview without access.
        offer: Option<Offer>,
    },
    Locked {
        offer: Option<Offer>,
    },
}

/// The cheapest public product that contains a course, at the viewer's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub slug: String,
    pub name: String,
    pub price: PriceQuote,
}
