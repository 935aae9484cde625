//! What the back office asks and does about lessons. Each change answers the whole course as it is now.

use leptos::prelude::*;

use super::{LessonDraft, LessonForm, LessonId, LessonStatus, VideoCheck};
use crate::{courses::CourseTree, error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{NOTES, YoutubeId, oembed, queries, writing},
    crate::{
        courses::parse_text,
        error::Error,
        server::{
            call::{AdminCall, Call},
            markdown,
        },
    },
};

/// Makes a lesson, after the last of its section.
#[server(input = Json, output = Json)]
pub async fn create_lesson(form: LessonForm) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::create(&db, admin.id, &form).await
}

/// Rewrites a lesson. In another section than before it comes to that one's end. `seen` is the lesson that was written at: what was
/// left as it was seen stays as somebody else made it meanwhile, and what both changed is refused.
#[server(input = Json, output = Json)]
pub async fn update_lesson(lesson: LessonId, form: LessonForm, seen: Option<LessonForm>) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::update(&db, admin.id, lesson, &form, seen.as_ref()).await
}

#[server(output = Json)]
pub async fn rename_lesson(lesson: LessonId, name: String) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::rename(&db, admin.id, lesson, &name).await
}

#[server(output = Json)]
pub async fn set_lesson_status(lesson: LessonId, status: LessonStatus) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::set_status(&db, admin.id, lesson, status).await
}

#[server(output = Json)]
pub async fn delete_lesson(lesson: LessonId) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::delete(&db, admin.id, lesson).await
}

/// A lesson to go on writing at.
#[server(output = Json)]
pub async fn get_lesson_draft(lesson: LessonId) -> Result<LessonDraft> {
    let AdminCall { db, .. } = Call::admin().await?;
    queries::find_draft(&db, lesson).await?.ok_or(Error::NotFound)
}

/// How many students completed it.
#[server(output = Json)]
pub async fn count_lesson_students(lesson: LessonId) -> Result<i64> {
    let AdminCall { db, .. } = Call::admin().await?;
    queries::count_students(&db, lesson).await?.ok_or(Error::NotFound)
}

/// Reads what was typed as a video, and asks YouTube for its title.
#[server(output = Json)]
pub async fn check_video(video: String) -> Result<VideoCheck> {
    let AdminCall { state, .. } = Call::admin().await?;
    let id = YoutubeId::parse_field(&video).map_err(|error| Error::Invalid(vec![error]))?;
    let (title, embeddable) = oembed::ask(&state.http, &state.config.youtube_oembed, &id).await;
    Ok(VideoCheck { id: id.to_string(), title, embeddable })
}

/// Markdown as the HTML that students will see. 50,000 characters at most.
#[server(output = Json)]
pub async fn preview_markdown(text: String) -> Result<String> {
    let AdminCall { .. } = Call::admin().await?;
    let text = parse_text("description", &text, NOTES).map_err(|error| Error::Invalid(vec![error]))?;
    Ok(markdown::to_html(&text))
}
