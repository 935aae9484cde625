//! Writing sections: each function is one transaction with its line in the audit log, and answers the whole course as it is then.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::{courses, sections::queries},
    courses::{curriculum::Curriculum, lesson::SectionStatus},
    error::{Error, Result},
    fields::{count, parse_name},
    id::{CourseId, SectionId, UserId},
};

/// Makes a section after the last.
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
    let summary = format!("Made the section “{name}” in the course “{course_name}”, {}", status.value());
    audit::service::record(&mut *tx, admin, "section.create", section.uuid(), &summary).await?;
    let tree = courses::queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}

/// Renames a section, and opens or closes it, as far as it is told to. What is as it was leaves no trace.
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
        let shown = format!("from {} to {}", before.status.value(), status.value());
        let summary = match (before.name != name, before.status != status) {
            (true, false) => format!("Renamed the section “{old}” of the course “{course}” to “{name}”"),
            (true, true) => {
                format!("Renamed the section “{old}” of the course “{course}” to “{name}” and set it {shown}")
            }
            _ => format!("Set the section “{name}” of the course “{course}” {shown}"),
        };
        audit::service::record(&mut *tx, admin, "section.update", section.uuid(), &summary).await?;
    }
    let tree = courses::queries::find_curriculum(&mut *tx, before.course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}

/// Deletes a section with its lessons, and what students completed of them.
pub async fn delete(db: &PgPool, admin: UserId, section: SectionId) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let course = queries::bump_course_version(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    let gone = queries::lock(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    queries::delete(&mut *tx, section).await?;
    let (name, lessons, from) = (gone.name, count(gone.lessons, "lesson"), gone.course_name);
    let summary = format!("Deleted the section “{name}” with {lessons} from the course “{from}”");
    audit::service::record(&mut *tx, admin, "section.delete", section.uuid(), &summary).await?;
    let tree = courses::queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use uuid::Uuid;

    const PRIVATE: SectionStatus = SectionStatus::Private;

    #[sqlx::test]
    async fn a_section_comes_last_is_renamed_opened_and_goes_with_its_lessons(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "Film").await;
        fixtures::section(&db, course, 7, "public", &[("Lesson", "public")]).await;
        let tree = create(&db, admin, course, " Cut ", PRIVATE).await.unwrap();
        let names: Vec<_> = tree.sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!((names, tree.version), (vec!["Section", "Cut"], 2));
        let (first, cut) = (tree.sections[0].id, tree.sections[1].id);

        for (name, status) in
            [("Cut", PRIVATE), ("The cut", PRIVATE), ("The cut", SectionStatus::Public), ("Cut", PRIVATE)]
        {
            let tree = update(&db, admin, cut, Some(name), Some(status)).await.unwrap();
            assert_eq!((tree.sections[1].name.as_str(), tree.sections[1].status, tree.version), (name, status, 2));
        }
        let tree = delete(&db, admin, first).await.unwrap();
        assert_eq!((tree.sections.len(), tree.version), (1, 3));
        assert_eq!(
            fixtures::audit(&db).await,
            [
                "section.create: Made the section “Cut” in the course “Film”, private",
                "section.update: Renamed the section “Cut” of the course “Film” to “The cut”",
                "section.update: Set the section “The cut” of the course “Film” from private to public",
                "section.update: Renamed the section “The cut” of the course “Film” to “Cut” and set it from public to private",
                "section.delete: Deleted the section “Section” with 1 lesson from the course “Film”",
            ]
        );
    }

    #[sqlx::test]
    async fn what_is_wrong_with_a_section_is_said_and_nothing_is_written(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "Film").await;
        let tree = create(&db, admin, course, "Cut", PRIVATE).await.unwrap();
        let cut = tree.sections[0].id;
        let long = "é".repeat(201);
        for (name, sentence) in [(" ", "name: Enter a name."), (&long, "name: Enter at most 200 characters.")] {
            assert_eq!(fixtures::refusals(create(&db, admin, course, name, PRIVATE).await), [sentence]);
            assert_eq!(fixtures::refusals(update(&db, admin, cut, Some(name), Some(PRIVATE)).await), [sentence]);
        }
        let nowhere = SectionId::from(Uuid::nil());
        assert_eq!(create(&db, admin, CourseId::from(Uuid::nil()), "Cut", PRIVATE).await, Err(Error::NotFound));
        assert_eq!(update(&db, admin, nowhere, Some("Cut"), Some(PRIVATE)).await, Err(Error::NotFound));
        assert_eq!(delete(&db, admin, nowhere).await, Err(Error::NotFound));
        assert_eq!(courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(), tree);
        assert_eq!(fixtures::audit(&db).await.len(), 1);
    }

    #[sqlx::test]
    async fn students_count_once_however_much_they_completed(db: PgPool) {
        let course = fixtures::course(&db, "Film").await;
        let lessons = fixtures::section(&db, course, 0, "public", &[("A", "public"), ("B", "public")]).await;
        let tree = courses::queries::find_curriculum(&db, course).await.unwrap().unwrap();
        for (name, done) in [("one", &lessons[..]), ("two", &lessons[..1])] {
            let student = fixtures::student(&db, name).await;
            for lesson in done {
                crate::learning::queries::insert_complete(&db, student, *lesson).await.unwrap();
            }
        }
        assert_eq!(queries::count_students(&db, tree.sections[0].id).await.unwrap(), Some(2));
        assert_eq!(queries::count_students(&db, SectionId::from(Uuid::nil())).await.unwrap(), None);
        assert_eq!(crate::authoring::lessons::queries::count_students(&db, lessons[1]).await.unwrap(), Some(1));
    }
}
