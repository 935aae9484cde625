//! SQL statements of the back office for courses.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    authoring::courses::{CourseDetails, CourseRow, input::CourseForm},
    courses::curriculum::{Curriculum, CurriculumOrder, CurriculumSection},
    id::{CourseId, SectionId},
};

/// Lists the courses whose name contains `search`, by name; `limit` and one more when another page follows.
pub async fn list(db: impl PgExecutor<'_>, search: &str, limit: i64, offset: i64) -> sqlx::Result<Vec<CourseRow>> {
    sqlx::query_as!(
        CourseRow,
        r#"select c.id, c.name,
                  (select count(*) from course_sections s where s.course_id = c.id) as "sections!",
                  (select count(*) from course_sections s join lessons l on l.section_id = s.id
                    where s.course_id = c.id) as "lessons!",
                  (select count(*) from user_course_access a where a.course_id = c.id) as "students!"
             from (select id, name from courses
                    where $1 = '' or position(lower($1) in lower(name)) > 0
                    order by name, id limit $2::bigint + 1 offset $3) c
            order by c.name, c.id"#,
        search,
        limit,
        offset,
    )
    .fetch_all(db)
    .await
}

/// Finds a course's name and description.
pub async fn find(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<CourseDetails>> {
    sqlx::query_as!(CourseDetails, "select id, name, description from courses where id = $1", course.uuid())
        .fetch_optional(db)
        .await
}

/// Finds a course with all its sections and lessons, in order.
pub async fn find_curriculum(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<Curriculum>> {
    let row = sqlx::query!(
        r#"select c.name, c.description, c.outline_version,
                  (select coalesce(json_agg(json_build_object(
                            'id', s.id, 'name', s.name, 'status', s.status, 'lessons', (
                              select coalesce(json_agg(json_build_object('id', l.id, 'name', l.name, 'status', l.status)
                                       order by l."order"), '[]')
                                from lessons l where l.section_id = s.id))
                            order by s."order"), '[]')
                     from course_sections s where s.course_id = c.id) as "sections!: Json<Vec<CurriculumSection>>"
             from courses c
            where c.id = $1"#,
        course.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Curriculum {
        id: course,
        name: row.name,
        description: row.description,
        version: row.outline_version,
        sections: row.sections.0,
    }))
}

/// Inserts a course without sections.
pub async fn insert(db: impl PgExecutor<'_>, form: &CourseForm) -> sqlx::Result<CourseId> {
    sqlx::query_scalar!(
        "insert into courses (name, description) values ($1, $2) returning id",
        form.name,
        form.description
    )
    .fetch_one(db)
    .await
    .map(CourseId::from)
}

/// Finds a course and locks its row until the transaction ends: against other changes, and against a product or a grant that
/// would refer to it.
pub async fn lock(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<CourseDetails>> {
    sqlx::query_as!(CourseDetails, "select id, name, description from courses where id = $1 for update", course.uuid())
        .fetch_optional(db)
        .await
}

/// Updates a course's name and description.
pub async fn update(db: impl PgExecutor<'_>, course: CourseId, form: &CourseForm) -> sqlx::Result<()> {
    sqlx::query!(
        "update courses set name = $2, description = $3 where id = $1",
        course.uuid(),
        form.name,
        form.description
    )
    .execute(db)
    .await
    .map(drop)
}

/// Increments the version of a course's curriculum and locks the course's row until the transaction ends. Every transaction that
/// creates, moves or deletes a section or a lesson begins with it. Returns the course's name.
pub async fn bump_version(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "update courses set outline_version = outline_version + 1 where id = $1 returning name",
        course.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Locks the course's row as [`bump_version`] does and returns the version without incrementing it.
pub async fn lock_version(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select outline_version from courses where id = $1 for no key update", course.uuid())
        .fetch_optional(db)
        .await
}

/// Updates the order of a course's sections where it differs.
pub async fn update_section_order(
    db: impl PgExecutor<'_>,
    course: CourseId,
    order: &CurriculumOrder,
) -> sqlx::Result<()> {
    let sections: Vec<Uuid> = order.sections().map(SectionId::uuid).collect();
    sqlx::query!(
        r#"update course_sections s set "order" = o.place - 1
             from unnest($2::uuid[]) with ordinality as o(id, place)
            where s.id = o.id and s.course_id = $1 and s."order" <> o.place - 1"#,
        course.uuid(),
        &sections,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Updates the order of lessons and their sections where they differ. All of them must belong to one course.
pub async fn update_lesson_order(db: impl PgExecutor<'_>, order: &CurriculumOrder) -> sqlx::Result<()> {
    let (mut lessons, mut sections, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (lesson, section, place) in order.lessons() {
        lessons.push(lesson.uuid());
        sections.push(section.uuid());
        places.push(i32::try_from(place).unwrap_or(i32::MAX));
    }
    sqlx::query!(
        r#"update lessons l set section_id = o.section_id, "order" = o.place
             from unnest($1::uuid[], $2::uuid[], $3::int[]) as o(id, section_id, place)
            where l.id = o.id and (l.section_id, l."order") <> (o.section_id, o.place)"#,
        &lessons,
        &sections,
        &places,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Lists the names of the products that contain a course.
pub async fn list_product_names(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select p.name from course_products cp join products p on p.id = cp.product_id where cp.course_id = $1 order by p.name",
        course.uuid(),
    )
    .fetch_all(db)
    .await
}

/// Counts the users who ever bought a course, also if it was refunded, or were granted it.
pub async fn count_owners(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "n!" from (
             select p.user_id from purchase_courses pc join purchases p on p.id = pc.purchase_id where pc.course_id = $1
             union select g.user_id from course_gifts g where g.course_id = $1) owners"#,
        course.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Counts the sections and the lessons of a course.
pub async fn count_parts(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(distinct s.id) as "sections!", count(l.id) as "lessons!"
             from course_sections s left join lessons l on l.section_id = s.id where s.course_id = $1"#,
        course.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok((row.sections, row.lessons))
}

/// Deletes a course with its sections and lessons.
pub async fn delete(db: impl PgExecutor<'_>, course: CourseId) -> sqlx::Result<()> {
    sqlx::query!("delete from courses where id = $1", course.uuid()).execute(db).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use sqlx::PgPool;

    #[sqlx::test]
    async fn each_figure_is_counted_on_its_own_and_pages_do_not_overlap(db: PgPool) {
        let full = fixtures::course(&db, "100% light").await;
        fixtures::course(&db, "Sound").await;
        fixtures::section(&db, full, 0, "public", &[("One", "public"), ("Two", "private")]).await;
        fixtures::section(&db, full, 1, "private", &[("Three", "preview")]).await;
        fixtures::section(&db, full, 2, "private", &[]).await;
        let product = fixtures::product(&db, "product", 0, &[full]).await;
        for name in ["a", "b"] {
            let student = fixtures::student(&db, name).await;
            fixtures::purchase(&db, student, product).await;
        }
        let rows = list(&db, "", 25, 0).await.unwrap();
        let figures: Vec<_> =
            rows.iter().map(|row| (row.name.as_str(), row.sections, row.lessons, row.students)).collect();
        assert_eq!(figures, [("100% light", 3, 3, 2), ("Sound", 0, 0, 0)]);
        for (search, count) in [("LIGHT", 1), ("%", 1), ("0% l", 1), ("_", 0), ("nothing", 0)] {
            assert_eq!(list(&db, search, 25, 0).await.unwrap().len(), count, "{search}");
        }
        assert_eq!(list(&db, "", 1, 0).await.unwrap().len(), 2, "one row more: another page follows");
        assert_eq!(list(&db, "", 1, 1).await.unwrap()[0].name, "Sound");
    }
}
