//! SQL statements of the back office for lessons.

use sqlx::PgExecutor;

use crate::{
    authoring::lessons::input::{LessonDraft, LessonForm, ParsedLesson},
    courses::lesson::LessonStatus,
    id::{CourseId, LessonId, SectionId},
};

/// A lesson with its section and its course.
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

/// Increments the version of a lesson's course and locks its row, as
/// [`courses::queries::bump_version`](crate::authoring::courses::queries::bump_version) does.
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

/// Locks the row of a lesson's course without incrementing its version.
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

/// Finds the section of a lesson. The lesson may move until it is locked.
pub async fn find_section(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<SectionId>> {
    let id =
        sqlx::query_scalar!("select section_id from lessons where id = $1", lesson.uuid()).fetch_optional(db).await?;
    Ok(id.map(SectionId::from))
}

/// Locks a lesson's row until the transaction ends; returns whether it exists. [`find`] reads it afterwards: one statement that
/// waits for the row and joins its section would join the section from before the wait, and find nothing.
pub async fn lock(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<bool> {
    let locked = sqlx::query_scalar!("select id from lessons where id = $1 for no key update", lesson.uuid());
    Ok(locked.fetch_optional(db).await?.is_some())
}

/// Finds a lesson with its section and its course.
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

/// Finds a lesson with the values of its form.
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

/// Inserts a lesson at the end of its section. The course's row must be locked.
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

/// Updates a lesson without moving it.
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

/// Moves a lesson to the end of a section of its course; returns whether the course has that section. The course's row must be
/// locked.
pub async fn move_to_section(
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

/// Renames a lesson.
pub async fn rename(db: impl PgExecutor<'_>, lesson: LessonId, name: &str) -> sqlx::Result<()> {
    sqlx::query!("update lessons set name = $2 where id = $1", lesson.uuid(), name).execute(db).await.map(drop)
}

/// Sets a lesson's status.
pub async fn set_status(db: impl PgExecutor<'_>, lesson: LessonId, status: LessonStatus) -> sqlx::Result<()> {
    sqlx::query!("update lessons set status = $2 where id = $1", lesson.uuid(), status as LessonStatus)
        .execute(db)
        .await
        .map(drop)
}

/// Deletes a lesson with its completions.
pub async fn delete(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<()> {
    sqlx::query!("delete from lessons where id = $1", lesson.uuid()).execute(db).await.map(drop)
}

/// Counts the users who completed a lesson. `None`: there is no such lesson.
pub async fn count_students(db: impl PgExecutor<'_>, lesson: LessonId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"select (select count(*) from user_lesson_complete d where d.lesson_id = l.id) as "n!" from lessons l where l.id = $1"#,
        lesson.uuid(),
    )
    .fetch_optional(db)
    .await
}
