//! Reordering: the order of a whole course, written at once or not at all.

use sqlx::PgPool;

use super::{CourseId, CourseTree, Moved, TreeOrder, queries};
use crate::{
    admin::audit,
    error::{Error, Result},
    users::UserId,
};

/// Puts a course into a new order, and answers how it is then. An order that is the one there is already changes nothing.
///
/// # Errors
/// [`Error::Conflict`] when the course is no longer of the `version` that the order was made from; [`Error::Invalid`] when the
/// order is not one of exactly this course's sections and lessons.
pub async fn reorder(
    db: &PgPool,
    admin: UserId,
    course: CourseId,
    version: i64,
    order: &TreeOrder,
) -> Result<CourseTree> {
    let mut tx = db.begin().await?;
    let current = queries::lock_version(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    if current != version {
        return Err(Error::Conflict("Somebody else changed this course meanwhile. Here is how it is now.".into()));
    }
    let before = queries::find_tree(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let now = TreeOrder::of(&before);
    order.check(&now).map_err(|error| Error::Invalid(vec![error]))?;
    if *order == now {
        return Ok(before);
    }
    queries::advance(&mut *tx, course).await?;
    queries::order_sections(&mut *tx, course, order).await?;
    queries::order_lessons(&mut *tx, order).await?;
    let after = queries::find_tree(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let summary = tell(&before, &after, now.moved(order));
    audit::record(&mut *tx, admin, "course.reorder", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(after)
}

/// What was moved, from where and to where. Places are counted from 1.
fn tell(before: &CourseTree, after: &CourseTree, moved: Moved) -> String {
    let course = &after.name;
    let told = match moved {
        Moved::Section(id) => {
            let place = |tree: &CourseTree| tree.sections.iter().position(|section| section.id == id);
            place(before).zip(place(after)).zip(after.section(id)).map(|((from, to), section)| {
                let (name, from, to) = (&section.name, from + 1, to + 1);
                format!("Moved the section “{name}” of the course “{course}” from place {from} to {to}")
            })
        }
        Moved::Lesson(id) => before.lesson(id).zip(after.lesson(id)).map(|((old, _), (new, lesson))| {
            let place = |section: &super::TreeSection| {
                section.lessons.iter().position(|lesson| lesson.id == id).unwrap_or_default() + 1
            };
            let (name, from, to) = (&lesson.name, place(old), place(new));
            if old.id == new.id {
                let section = &new.name;
                format!("Moved the lesson “{name}” in “{section}” of the course “{course}” from place {from} to {to}")
            } else {
                let (old, new) = (&old.name, &new.name);
                format!(
                    "Moved the lesson “{name}” of the course “{course}” from place {from} of “{old}” to place {to} of “{new}”"
                )
            }
        }),
        Moved::Several => None,
    };
    told.unwrap_or_else(|| format!("Changed the order of the course “{course}”"))
}
