//! Changes of sections. Each function is one transaction with its audit entry, and returns the course's curriculum after it.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::{courses, sections::queries},
    courses::{curriculum::Curriculum, lesson::SectionStatus},
    error::{Error, Result},
    fields::{count, parse_name},
    id::{CourseId, SectionId, UserId},
};

/// Creates a section at the end of a course.
pub async fn create(
    db: &PgPool,
    admin: UserId,
    course: CourseId,
    name: &str,
    status: SectionStatus,
) -> Result<Curriculum> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let course_name = courses::queries::bump_version(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let section = queries::insert(&mut *tx, course, &name, status).await?;
    let summary = format!("Created section “{name}” ({}) in course “{course_name}”", status.value());
    audit::service::record(&mut *tx, admin, "section.create", section.uuid(), &summary).await?;
    let curriculum = courses::queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Updates a section's name, status or both. `None` leaves the stored value. Without a change there is no audit entry.
pub async fn update(
    db: &PgPool,
    admin: UserId,
    section: SectionId,
    name: Option<&str>,
    status: Option<SectionStatus>,
) -> Result<Curriculum> {
    let name = name.map(parse_name).transpose().map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let before = queries::lock(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    let (name, status) = (name.unwrap_or_else(|| before.name.clone()), status.unwrap_or(before.status));
    if before.name != name || before.status != status {
        queries::update(&mut *tx, section, &name, status).await?;
        let (old, course) = (&before.name, &before.course_name);
        let status_change = format!("from {} to {}", before.status.value(), status.value());
        let summary = match (before.name != name, before.status != status) {
            (true, false) => format!("Renamed section “{old}” of course “{course}” to “{name}”"),
            (true, true) => {
                format!(
                    "Renamed section “{old}” of course “{course}” to “{name}” and changed its status {status_change}"
                )
            }
            _ => format!("Changed the status of section “{name}” of course “{course}” {status_change}"),
        };
        audit::service::record(&mut *tx, admin, "section.update", section.uuid(), &summary).await?;
    }
    let curriculum = courses::queries::find_curriculum(&mut *tx, before.course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Deletes a section with its lessons and their completions.
pub async fn delete(db: &PgPool, admin: UserId, section: SectionId) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let course = queries::bump_course_version(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    let deleted = queries::lock(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    queries::delete(&mut *tx, section).await?;
    let (name, lessons, course_name) = (deleted.name, count(deleted.lessons, "lesson"), deleted.course_name);
    let summary = format!("Deleted section “{name}” with {lessons} from course “{course_name}”");
    audit::service::record(&mut *tx, admin, "section.delete", section.uuid(), &summary).await?;
    let curriculum = courses::queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(curriculum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use uuid::Uuid;

    const PRIVATE: SectionStatus = SectionStatus::Private;

    #[sqlx::test]
    async fn a_section_is_created_last_updated_and_deleted_with_its_lessons(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "Film").await;
        fixtures::section(&db, course, 7, "public", &[("Lesson", "public")]).await;
        let curriculum = create(&db, admin, course, " Cut ", PRIVATE).await.unwrap();
        let names: Vec<_> = curriculum.sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!((names, curriculum.version), (vec!["Section", "Cut"], 2));
        let (first, cut) = (curriculum.sections[0].id, curriculum.sections[1].id);

        for (name, status) in
            [("Cut", PRIVATE), ("The cut", PRIVATE), ("The cut", SectionStatus::Public), ("Cut", PRIVATE)]
        {
            let curriculum = update(&db, admin, cut, Some(name), Some(status)).await.unwrap();
            assert_eq!(
                (curriculum.sections[1].name.as_str(), curriculum.sections[1].status, curriculum.version),
                (name, status, 2)
            );
        }
        let curriculum = delete(&db, admin, first).await.unwrap();
        assert_eq!((curriculum.sections.len(), curriculum.version), (1, 3));
        assert_eq!(
            fixtures::audit(&db).await,
            [
                "section.create: Created section “Cut” (private) in course “Film”",
                "section.update: Renamed section “Cut” of course “Film” to “The cut”",
                "section.update: Changed the status of section “The cut” of course “Film” from private to public",
                "section.update: Renamed section “The cut” of course “Film” to “Cut” and changed its status from public to private",
                "section.delete: Deleted section “Section” with 1 lesson from course “Film”",
            ]
        );
    }

    #[sqlx::test]
    async fn an_invalid_name_and_an_unknown_id_change_nothing(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "Film").await;
        let curriculum = create(&db, admin, course, "Cut", PRIVATE).await.unwrap();
        let cut = curriculum.sections[0].id;
        let long = "é".repeat(201);
        for (name, sentence) in [(" ", "name: Enter a name."), (&long, "name: Enter at most 200 characters.")] {
            assert_eq!(fixtures::field_errors(create(&db, admin, course, name, PRIVATE).await), [sentence]);
            assert_eq!(fixtures::field_errors(update(&db, admin, cut, Some(name), Some(PRIVATE)).await), [sentence]);
        }
        let no_section = SectionId::from(Uuid::nil());
        assert_eq!(create(&db, admin, CourseId::from(Uuid::nil()), "Cut", PRIVATE).await, Err(Error::NotFound));
        assert_eq!(update(&db, admin, no_section, Some("Cut"), Some(PRIVATE)).await, Err(Error::NotFound));
        assert_eq!(delete(&db, admin, no_section).await, Err(Error::NotFound));
        assert_eq!(courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(), curriculum);
        assert_eq!(fixtures::audit(&db).await.len(), 1);
    }

    #[sqlx::test]
    async fn a_student_is_counted_once_for_several_completions(db: PgPool) {
        let course = fixtures::course(&db, "Film").await;
        let lessons = fixtures::section(&db, course, 0, "public", &[("A", "public"), ("B", "public")]).await;
        let curriculum = courses::queries::find_curriculum(&db, course).await.unwrap().unwrap();
        for (name, done) in [("one", &lessons[..]), ("two", &lessons[..1])] {
            let student = fixtures::student(&db, name).await;
            for lesson in done {
                crate::learning::queries::insert_completion(&db, student, *lesson).await.unwrap();
            }
        }
        assert_eq!(queries::count_students(&db, curriculum.sections[0].id).await.unwrap(), Some(2));
        assert_eq!(queries::count_students(&db, SectionId::from(Uuid::nil())).await.unwrap(), None);
        assert_eq!(crate::authoring::lessons::queries::count_students(&db, lessons[1]).await.unwrap(), Some(1));
    }
}
