//! Writing sections: each function is one transaction with its line in the audit log, and answers the whole course as it is then.

use sqlx::PgPool;

use super::queries;
use crate::{
    admin::audit,
    courses::{self, CourseId, CourseTree, SectionId, parse_name, writing::count},
    error::{Error, Result},
    lessons::SectionStatus,
    users::UserId,
};

/// Makes a section after the last.
pub async fn create(
    db: &PgPool,
    admin: UserId,
    course: CourseId,
    name: &str,
    status: SectionStatus,
) -> Result<CourseTree> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let course_name = courses::queries::advance(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let section = queries::insert(&mut *tx, course, &name, status).await?;
    let summary = format!("Made the section “{name}” in the course “{course_name}”, {}", status.value());
    audit::record(&mut *tx, admin, "section.create", section.uuid(), &summary).await?;
    let tree = courses::queries::find_tree(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}

/// Renames a section, and opens or closes it. What is as it was leaves no trace.
pub async fn update(
    db: &PgPool,
    admin: UserId,
    section: SectionId,
    name: &str,
    status: SectionStatus,
) -> Result<CourseTree> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let before = queries::lock(&mut *tx, section).await?.ok_or(Error::NotFound)?;
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
        audit::record(&mut *tx, admin, "section.update", section.uuid(), &summary).await?;
    }
    let tree = courses::queries::find_tree(&mut *tx, before.course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}

/// Deletes a section with its lessons, and what students completed of them.
pub async fn delete(db: &PgPool, admin: UserId, section: SectionId) -> Result<CourseTree> {
    let mut tx = db.begin().await?;
    let course = queries::advance_course(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    let gone = queries::lock(&mut *tx, section).await?.ok_or(Error::NotFound)?;
    queries::delete(&mut *tx, section).await?;
    let (name, lessons, from) = (gone.name, count(gone.lessons, "lesson"), gone.course_name);
    let summary = format!("Deleted the section “{name}” with {lessons} from the course “{from}”");
    audit::record(&mut *tx, admin, "section.delete", section.uuid(), &summary).await?;
    let tree = courses::queries::find_tree(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(tree)
}
