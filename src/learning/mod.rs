//! Learning: the student's side. Access, progress, the player.

pub mod api;
pub mod course;
pub mod pages;
pub mod player;
pub mod policy;

#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

use crate::{
    courses::{Outline, lesson::Visibility},
    id::{CourseId, LessonId},
    prices::PriceQuote,
};

/// A course of the student's, with how far they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCourse {
    pub id: CourseId,
    pub name: String,
    pub image_url: Option<String>,
    pub done: i64,
    pub total: i64,
    pub next: Option<NextLesson>,
}

/// The lesson that "Continue" opens. `number` counts visible lessons of the course from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextLesson {
    pub id: LessonId,
    pub number: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCourses {
    pub courses: Vec<MyCourse>,
    /// Products whose payment is disputed: what they give is paused.
    pub disputed: Vec<String>,
    /// From 1.
    pub page: u32,
    pub more: bool,
}

/// A course page: its outline, with what the student completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePage {
    pub id: CourseId,
    pub name: String,
    /// HTML.
    pub description: String,
    pub outline: Outline,
}

/// A lesson page. What the viewer may not play has no video id in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonPage {
    pub course: CourseId,
    pub course_name: String,
    pub id: LessonId,
    pub name: String,
    pub set: Visibility,
    pub outline: Outline,
    pub view: LessonView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LessonView {
    Playing {
        youtube_video_id: String,
        /// HTML.
        notes: Option<String>,
        /// Completion, for those who have it.
        done: Option<bool>,
        /// What sells the rest, for those who watch a preview.
        offer: Option<Offer>,
    },
    Locked {
        offer: Option<Offer>,
    },
}

/// The cheapest way to a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub slug: String,
    pub name: String,
    pub price: PriceQuote,
}
