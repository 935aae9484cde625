//! Writing lessons: each function is one transaction with its line in the audit log, and answers the whole course as it is then.

use sqlx::{PgConnection, PgPool};

use super::{
    LessonForm, LessonId, LessonStatus, ParsedLesson,
    queries::{self, LessonFacts},
};
use crate::{
    admin::audit,
    courses::{self, CourseId, CourseTree, parse_name},
    error::{Error, FieldError, Result},
    sections,
    users::UserId,
};

/// Makes a lesson after the last of its section.
pub async fn create(db: &PgPool, admin: UserId, form: &LessonForm) -> Result<CourseTree> {
    let lesson = form.parse()?;
    let mut tx = db.begin().await?;
    let course = sections::queries::advance_course(&mut *tx, lesson.section).await?.ok_or_else(section_gone)?;
    let section = sections::queries::lock(&mut *tx, lesson.section).await?.ok_or_else(section_gone)?;
    let id = queries::insert(&mut *tx, &lesson).await?;
    let (name, status) = (&lesson.name, lesson.status.value());
    let place = format!("in “{}” of the course “{}”", section.name, section.course_name);
    let summary = format!("Made the lesson “{name}” {place}, {status}");
    audit::record(&mut *tx, admin, "lesson.create", id.uuid(), &summary).await?;
    let tree = tree(&mut tx, course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// Rewrites a lesson. In another section than before it comes to that one's end. What is as it was leaves no trace.
pub async fn update(db: &PgPool, admin: UserId, id: LessonId, form: &LessonForm) -> Result<CourseTree> {
    let lesson = form.parse()?;
    let mut tx = db.begin().await?;
    let moves = queries::find_section(&mut *tx, id).await?.ok_or(Error::NotFound)? != lesson.section;
    if moves {
        // The course before the lesson, as everything that moves does: two at once wait for each other in one order.
        queries::lock_course(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    }
    let before = hold(&mut tx, id).await?;
    let mut changes = changes(&before, &lesson);
    if !changes.is_empty() {
        queries::update(&mut *tx, id, &lesson).await?;
    }
    // Not when somebody put it there meanwhile.
    if moves && before.section != lesson.section {
        courses::queries::advance(&mut *tx, before.course).await?;
        if !queries::move_to(&mut *tx, id, before.course, lesson.section).await? {
            return Err(section_gone());
        }
        let after = queries::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
        changes.push(format!("moved it from “{}” to “{}”", before.section_name, after.section_name));
    }
    if !changes.is_empty() {
        let summary = format!("Changed {}: {}", called(&before), changes.join(", "));
        audit::record(&mut *tx, admin, "lesson.update", id.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// What a form changes in a lesson, except for its section.
fn changes(before: &LessonFacts, lesson: &ParsedLesson) -> Vec<String> {
    let mut changes = Vec::new();
    if before.name != lesson.name {
        changes.push(format!("renamed it to “{}”", lesson.name));
    }
    if before.video != lesson.video.as_str() {
        changes.push(format!("took the video {} for {}", lesson.video, before.video));
    }
    if before.description != lesson.description {
        changes.push("rewrote its notes".to_owned());
    }
    if before.status != lesson.status {
        changes.push(format!("set it from {} to {}", before.status.value(), lesson.status.value()));
    }
    changes
}

pub async fn rename(db: &PgPool, admin: UserId, lesson: LessonId, name: &str) -> Result<CourseTree> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let before = hold(&mut tx, lesson).await?;
    if before.name != name {
        queries::rename(&mut *tx, lesson, &name).await?;
        let summary = format!("Renamed {} to “{name}”", called(&before));
        audit::record(&mut *tx, admin, "lesson.rename", lesson.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

pub async fn set_status(db: &PgPool, admin: UserId, lesson: LessonId, status: LessonStatus) -> Result<CourseTree> {
    let mut tx = db.begin().await?;
    let before = hold(&mut tx, lesson).await?;
    if before.status != status {
        queries::set_status(&mut *tx, lesson, status).await?;
        let summary = format!("Set {} from {} to {}", called(&before), before.status.value(), status.value());
        audit::record(&mut *tx, admin, "lesson.set_status", lesson.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// Deletes a lesson, and that students completed it.
pub async fn delete(db: &PgPool, admin: UserId, lesson: LessonId) -> Result<CourseTree> {
    let mut tx = db.begin().await?;
    let course = queries::advance_course(&mut *tx, lesson).await?.ok_or(Error::NotFound)?;
    let gone = hold(&mut tx, lesson).await?;
    queries::delete(&mut *tx, lesson).await?;
    let summary = format!("Deleted {} from “{}”", called(&gone), gone.section_name);
    audit::record(&mut *tx, admin, "lesson.delete", lesson.uuid(), &summary).await?;
    let tree = tree(&mut tx, course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// A lesson, held until the transaction ends.
async fn hold(db: &mut PgConnection, lesson: LessonId) -> Result<LessonFacts> {
    if !queries::lock(&mut *db, lesson).await? {
        return Err(Error::NotFound);
    }
    queries::find(db, lesson).await?.ok_or(Error::NotFound)
}

fn called(lesson: &LessonFacts) -> String {
    format!("the lesson “{}” of the course “{}”", lesson.name, lesson.course_name)
}

fn section_gone() -> Error {
    Error::Invalid(vec![FieldError::new("section", "This section is not there any more. Choose another.")])
}

async fn tree(db: &mut PgConnection, course: CourseId) -> Result<CourseTree> {
    courses::queries::find_tree(db, course).await?.ok_or(Error::NotFound)
}
