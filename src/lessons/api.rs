//! What the back office asks and does about lessons. Each change answers the whole course as it is now.

use leptos::prelude::*;

use super::{LessonDraft, LessonForm, LessonId, LessonStatus, VideoCheck};
use crate::{courses::CourseTree, error::Result, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    server::call::{AdminCall, Call},
};

/// Makes a lesson, after the last of its section.
#[server(input = Json, output = Json)]
pub async fn create_lesson(form: LessonForm) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = form;
    Err(Error::Unavailable)
}

/// Rewrites a lesson. In another section than before it comes to that one's end.
#[server(input = Json, output = Json)]
pub async fn update_lesson(lesson: LessonId, form: LessonForm) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (lesson, form);
    Err(Error::Unavailable)
}

#[server(output = Json)]
pub async fn rename_lesson(lesson: LessonId, name: String) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (lesson, name);
    Err(Error::Unavailable)
}

#[server(output = Json)]
pub async fn set_lesson_status(lesson: LessonId, status: LessonStatus) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (lesson, status);
    Err(Error::Unavailable)
}

#[server(output = Json)]
pub async fn delete_lesson(lesson: LessonId) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = lesson;
    Err(Error::Unavailable)
}

/// A lesson to go on writing at.
#[server(output = Json)]
pub async fn get_lesson_draft(lesson: LessonId) -> Result<LessonDraft> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = lesson;
    Err(Error::Unavailable)
}

/// How many students completed it.
#[server(output = Json)]
pub async fn count_lesson_students(lesson: LessonId) -> Result<i64> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = lesson;
    Err(Error::Unavailable)
}

/// Reads what was typed as a video, and asks YouTube for its title.
#[server(output = Json)]
pub async fn check_video(video: String) -> Result<VideoCheck> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = video;
    Err(Error::Unavailable)
}

/// Markdown as the HTML that students will see. 50,000 characters at most.
#[server(output = Json)]
pub async fn preview_markdown(text: String) -> Result<String> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = text;
    Err(Error::Unavailable)
}
