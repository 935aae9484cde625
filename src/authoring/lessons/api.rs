//! What the back office asks and does about lessons. Each change answers the whole course as it is now.

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
    courses::{lesson::NOTES, youtube_id::YoutubeId},
    error::Error,
    fields::parse_text,
    platform::markdown,
    server::http::request_context::{AdminContext, RequestContext},
};

/// Makes a lesson, after the last of its section.
#[server(input = Json, output = Json)]
pub async fn create_lesson(form: LessonForm) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::create(&db, admin.id, &form).await
}

/// Rewrites a lesson. In another section than before it comes to that one's end. `seen` is the lesson that was written at: what was
/// left as it was seen stays as somebody else made it meanwhile, and what both changed is refused.
#[server(input = Json, output = Json)]
pub async fn update_lesson(lesson: LessonId, form: LessonForm, seen: Option<LessonForm>) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::update(&db, admin.id, lesson, &form, seen.as_ref()).await
}

#[server(output = Json)]
pub async fn rename_lesson(lesson: LessonId, name: String) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::rename(&db, admin.id, lesson, &name).await
}

#[server(output = Json)]
pub async fn set_lesson_status(lesson: LessonId, status: LessonStatus) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::set_status(&db, admin.id, lesson, status).await
}

#[server(output = Json)]
pub async fn delete_lesson(lesson: LessonId) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::delete(&db, admin.id, lesson).await
}

/// A lesson to go on writing at.
#[server(output = Json)]
pub async fn get_lesson_draft(lesson: LessonId) -> Result<LessonDraft> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    queries::find_draft(&db, lesson).await?.ok_or(Error::NotFound)
}

/// How many students completed it.
#[server(output = Json)]
pub async fn count_lesson_students(lesson: LessonId) -> Result<i64> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    queries::count_students(&db, lesson).await?.ok_or(Error::NotFound)
}

/// Reads what was typed as a video, and asks YouTube for its title.
#[server(output = Json)]
pub async fn check_video(video: String) -> Result<VideoCheck> {
    let AdminContext { state, .. } = RequestContext::admin().await?;
    let id = YoutubeId::parse_field(&video).map_err(|error| Error::Invalid(vec![error]))?;
    let (title, embeddable) = youtube_oembed::ask(&state.http, &state.config.youtube_oembed, &id).await;
    Ok(VideoCheck { id: id.to_string(), title, embeddable })
}

/// Markdown as the HTML that students will see. 50,000 characters at most.
#[server(output = Json)]
pub async fn preview_markdown(text: String) -> Result<String> {
    let AdminContext { .. } = RequestContext::admin().await?;
    let text = parse_text("description", &text, NOTES).map_err(|error| Error::Invalid(vec![error]))?;
    Ok(markdown::to_html(&text))
}
