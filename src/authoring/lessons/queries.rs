//! What the back office asks of the database about lessons.

use sqlx::PgExecutor;

use crate::{
    authoring::lessons::input::{LessonDraft, LessonForm, ParsedLesson},
    courses::lesson::LessonStatus,
    id::{CourseId, LessonId, SectionId},
};

/// A lesson with where it is.
pub struct LessonFacts {
    pub course: CourseId,
    pub course_name: String,
    pub section: SectionId,
    pub section_name: String,
    pub name: String,
    pub video: String,
    pub description: Option<String>,
    pub status: LessonStatus,
}

/// As [`courses::queries::bump_version`](crate::authoring::courses::queries::advance), for the course of a lesson.
pub async fn bump_course_version(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<CourseId>> {
    let id = sqlx::query_scalar!(
        "update courses set outline_version = outline_version + 1
          where id = (select s.course_id from lessons l join course_sections s on s.id = l.section_id where l.id = $1)
          returning id",
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(CourseId::from))
}

/// Holds the row of a lesson's course, and counts nothing yet.
pub async fn lock_course(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<CourseId>> {
    let id = sqlx::query_scalar!(
        "select id from courses
          where id = (select s.course_id from lessons l join course_sections s on s.id = l.section_id where l.id = $1)
            for no key update",
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(CourseId::from))
}

/// The section it is in; it may be moved until it is locked.
pub async fn find_section(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<SectionId>> {
    let id =
        sqlx::query_scalar!("select section_id from lessons where id = $1", lesson.uuid()).fetch_optional(db).await?;
    Ok(id.map(SectionId::from))
}

/// Holds a lesson's row until the transaction ends; whether there is one. It is looked at afterwards, by [`find`]: one statement
/// that waits for the row and joins what it belongs to would join what it belonged to before it waited, and find nothing.
pub async fn lock(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar!("select id from lessons where id = $1 for no key update", lesson.uuid());
    Ok(held.fetch_optional(db).await?.is_some())
}

pub async fn find(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<LessonFacts>> {
    sqlx::query_as!(
        LessonFacts,
        r#"select c.id as course, c.name as course_name, s.id as section, s.name as section_name, l.name,
                  l.youtube_video_id as video, l.description, l.status as "status: LessonStatus"
             from lessons l join course_sections s on s.id = l.section_id join courses c on c.id = s.course_id
            where l.id = $1"#,
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// A lesson as its form shows it.
pub async fn find_draft(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<LessonDraft>> {
    let row = sqlx::query!(
        r#"select name, youtube_video_id, coalesce(description, '') as "description!", status as "status: LessonStatus", section_id
             from lessons where id = $1"#,
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LessonDraft {
        id: lesson,
        form: LessonForm {
            name: row.name,
            video: format!("https://www.youtube.com/watch?v={}", row.youtube_video_id),
            description: row.description,
            status: row.status,
            section: row.section_id.into(),
        },
        youtube_video_id: row.youtube_video_id,
    }))
}

/// Makes a lesson after the last of its section. The course's row must be held.
pub async fn insert(db: impl PgExecutor<'_>, lesson: &ParsedLesson) -> sqlx::Result<LessonId> {
    sqlx::query_scalar!(
        r#"insert into lessons (section_id, name, youtube_video_id, description, status, "order")
           select $1, $2, $3, $4, $5, coalesce(max(l."order") + 1, 0) from lessons l where l.section_id = $1 returning id"#,
        lesson.section.uuid(),
        lesson.name,
        lesson.video.as_str(),
        lesson.description,
        lesson.status as LessonStatus,
    )
    .fetch_one(db)
    .await
    .map(LessonId::from)
}

/// Rewrites a lesson where it is.
pub async fn update(db: impl PgExecutor<'_>, id: LessonId, lesson: &ParsedLesson) -> sqlx::Result<()> {
    sqlx::query!(
        "update lessons set name = $2, youtube_video_id = $3, description = $4, status = $5 where id = $1",
        id.uuid(),
        lesson.name,
        lesson.video.as_str(),
        lesson.description,
        lesson.status as LessonStatus,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Moves a lesson to the end of a section of the same course; whether there is that section. The course's row must be held.
pub async fn move_to(
    db: impl PgExecutor<'_>,
    lesson: LessonId,
    course: CourseId,
    section: SectionId,
) -> sqlx::Result<bool> {
    let moved = sqlx::query!(
        r#"update lessons set section_id = s.id,
                  "order" = (select coalesce(max(l."order") + 1, 0) from lessons l where l.section_id = s.id)
             from course_sections s where lessons.id = $1 and s.id = $2 and s.course_id = $3"#,
        lesson.uuid(),
        section.uuid(),
        course.uuid(),
    )
    .execute(db)
    .await?;
    Ok(moved.rows_affected() == 1)
}

pub async fn rename(db: impl PgExecutor<'_>, lesson: LessonId, name: &str) -> sqlx::Result<()> {
    sqlx::query!("update lessons set name = $2 where id = $1", lesson.uuid(), name).execute(db).await.map(drop)
}

pub async fn set_status(db: impl PgExecutor<'_>, lesson: LessonId, status: LessonStatus) -> sqlx::Result<()> {
    sqlx::query!("update lessons set status = $2 where id = $1", lesson.uuid(), status as LessonStatus)
        .execute(db)
        .await
        .map(drop)
}

pub async fn delete(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<()> {
    sqlx::query!("delete from lessons where id = $1", lesson.uuid()).execute(db).await.map(drop)
}

/// How many people completed it; nothing when there is no such lesson.
pub async fn count_students(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"select (select count(*) from user_lesson_complete d where d.lesson_id = l.id) as "n!" from lessons l where l.id = $1"#,
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await
}
