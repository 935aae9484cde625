//! SQL statements of the back office for sections.

use sqlx::PgExecutor;

use crate::{
    courses::lesson::SectionStatus,
    id::{CourseId, SectionId},
};

/// A section with its course and its number of lessons.
pub struct SectionFacts {
    pub course: CourseId,
    pub course_name: String,
    pub name: String,
    pub status: SectionStatus,
    pub lessons: i64,
}

/// Increments the version of a section's course and locks its row, as
/// [`courses::queries::bump_version`](crate::authoring::courses::queries::bump_version) does.
pub async fn bump_course_version(db: impl PgExecutor<'_>, section: SectionId) -> sqlx::Result<Option<CourseId>> {
    let id = sqlx::query_scalar!(
        "update courses set outline_version = outline_version + 1
          where id = (select course_id from course_sections where id = $1) returning id",
        section.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(CourseId::from))
}

/// Finds a section and locks its row until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, section: SectionId) -> sqlx::Result<Option<SectionFacts>> {
    sqlx::query_as!(
        SectionFacts,
        r#"select c.id as course, c.name as course_name, s.name, s.status as "status: SectionStatus",
                  (select count(*) from lessons l where l.section_id = s.id) as "lessons!"
             from course_sections s join courses c on c.id = s.course_id
            where s.id = $1 for no key update of s"#,
        section.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Inserts a section at the end of a course. The course's row must be locked.
pub async fn insert(
    db: impl PgExecutor<'_>,
    course: CourseId,
    name: &str,
    status: SectionStatus,
) -> sqlx::Result<SectionId> {
    sqlx::query_scalar!(
        r#"insert into course_sections (course_id, name, status, "order")
           select $1, $2, $3, coalesce(max(s."order") + 1, 0) from course_sections s where s.course_id = $1 returning id"#,
        course.uuid(),
        name,
        status as SectionStatus,
    )
    .fetch_one(db)
    .await
    .map(SectionId::from)
}

/// Updates a section's name and status.
pub async fn update(
    db: impl PgExecutor<'_>,
    section: SectionId,
    name: &str,
    status: SectionStatus,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update course_sections set name = $2, status = $3 where id = $1",
        section.uuid(),
        name,
        status as SectionStatus,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Deletes a section with its lessons.
pub async fn delete(db: impl PgExecutor<'_>, section: SectionId) -> sqlx::Result<()> {
    sqlx::query!("delete from course_sections where id = $1", section.uuid()).execute(db).await.map(drop)
}

/// Counts the users who completed a lesson of a section. `None`: there is no such section.
pub async fn count_students(db: impl PgExecutor<'_>, section: SectionId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"select (select count(distinct d.user_id) from lessons l join user_lesson_complete d on d.lesson_id = l.id
                    where l.section_id = s.id) as "n!"
             from course_sections s where s.id = $1"#,
        section.uuid(),
    )
    .fetch_optional(db)
    .await
}
