//! Server functions of the back office for lessons. Each change returns the course's curriculum after it, so that the editor
//! shows what other admins changed too.

use leptos::prelude::*;

use crate::{
    authoring::lessons::input::{LessonDraft, LessonForm, VideoCheck},
    courses::{curriculum::Curriculum, lesson::LessonStatus},
    error::Result,
    id::LessonId,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    authoring::lessons::{queries, service, youtube_oembed},
    courses::{lesson::MAX_NOTES_CHARS, youtube_id::YoutubeId},
    error::Error,
    fields::parse_text,
    platform::markdown,
    server::http::request_context::{AdminContext, extract},
};

/// Creates a lesson at the end of its section.
#[server(input = Json, output = Json)]
pub async fn create_lesson(form: LessonForm) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::create(&db, admin.id, &form).await
}

/// Updates a lesson. A lesson whose section changes moves to the end of the new section. `seen` is the lesson as the form was
/// opened with: fields that equal it keep what another admin saved in the meantime, and a field that both changed is
/// [`Error::Invalid`].
///
/// [`Error::Invalid`]: crate::error::Error::Invalid
#[server(input = Json, output = Json)]
pub async fn update_lesson(lesson: LessonId, form: LessonForm, seen: Option<LessonForm>) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::update(&db, admin.id, lesson, &form, seen.as_ref()).await
}

/// Renames a lesson.
#[server(output = Json)]
pub async fn rename_lesson(lesson: LessonId, name: String) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::rename(&db, admin.id, lesson, &name).await
}

/// Sets a lesson's status.
#[server(output = Json)]
pub async fn set_lesson_status(lesson: LessonId, status: LessonStatus) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::set_status(&db, admin.id, lesson, status).await
}

/// Deletes a lesson with its completions.
#[server(output = Json)]
pub async fn delete_lesson(lesson: LessonId) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::delete(&db, admin.id, lesson).await
}

/// Returns the lesson with the values of its form.
#[server(output = Json)]
pub async fn get_lesson_draft(lesson: LessonId) -> Result<LessonDraft> {
    let AdminContext { db, .. } = extract().await?;
    queries::find_draft(&db, lesson).await?.ok_or(Error::NotFound)
}

/// Returns how many students completed the lesson.
#[server(output = Json)]
pub async fn count_lesson_students(lesson: LessonId) -> Result<i64> {
    let AdminContext { db, .. } = extract().await?;
    queries::count_students(&db, lesson).await?.ok_or(Error::NotFound)
}

/// Parses a YouTube URL or video id, and fetches the video's title from YouTube.
#[server(output = Json)]
pub async fn check_video(video: String) -> Result<VideoCheck> {
    let AdminContext { state, .. } = extract().await?;
    let id = YoutubeId::parse_field(&video).map_err(|error| Error::Invalid(vec![error]))?;
    let (title, embeddable) = youtube_oembed::fetch_video(&state.http, &state.config.youtube_oembed, &id).await;
    Ok(VideoCheck { id: id.to_string(), title, embeddable })
}

/// Renders Markdown of at most 50,000 characters as the HTML that students see.
#[server(output = Json)]
pub async fn preview_markdown(text: String) -> Result<String> {
    let AdminContext { .. } = extract().await?;
    let text = parse_text("description", &text, MAX_NOTES_CHARS).map_err(|error| Error::Invalid(vec![error]))?;
    Ok(markdown::to_html(&text))
}
