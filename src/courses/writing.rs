//! Writing courses: each function is one transaction, with its line in the audit log.

use sqlx::PgPool;

use super::{CourseForm, CourseId, queries};
use crate::{
    admin::audit,
    error::{Error, Result},
    users::UserId,
};

pub async fn create(db: &PgPool, admin: UserId, form: &CourseForm) -> Result<CourseId> {
    let form = form.parse()?;
    let mut tx = db.begin().await?;
    let course = queries::insert(&mut *tx, &form).await?;
    let summary = format!("Made the course “{}”", form.name);
    audit::record(&mut *tx, admin, "course.create", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(course)
}

/// Renames a course and rewrites its description. What is as it was leaves no trace.
pub async fn update(db: &PgPool, admin: UserId, course: CourseId, form: &CourseForm) -> Result<()> {
    let form = form.parse()?;
    let mut tx = db.begin().await?;
    let before = queries::lock(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let (renamed, rewritten) = (before.name != form.name, before.description != form.description);
    if !renamed && !rewritten {
        return Ok(());
    }
    let (old, new) = (&before.name, &form.name);
    let summary = match (renamed, rewritten) {
        (true, false) => format!("Renamed the course “{old}” to “{new}”"),
        (true, true) => format!("Renamed the course “{old}” to “{new}” and rewrote its description"),
        _ => format!("Rewrote the description of the course “{new}”"),
    };
    queries::update(&mut *tx, course, &form).await?;
    audit::record(&mut *tx, admin, "course.update", course.uuid(), &summary).await?;
    Ok(tx.commit().await?)
}

/// Deletes a course that nobody sells and nobody ever had; its name.
///
/// # Errors
/// [`Error::Conflict`] with what stands in the way.
pub async fn delete(db: &PgPool, admin: UserId, course: CourseId) -> Result<String> {
    let mut tx = db.begin().await?;
    let name = queries::lock(&mut *tx, course).await?.ok_or(Error::NotFound)?.name;
    let products = queries::list_product_names(&mut *tx, course).await?;
    if !products.is_empty() {
        return Err(Error::Conflict(sold_in(&name, &products)));
    }
    match queries::count_owners(&mut *tx, course).await? {
        0 => {}
        1 => return Err(Error::Conflict(format!("1 student bought “{name}” or was given it, so it stays. {HIDE}"))),
        n => {
            return Err(Error::Conflict(format!("{n} students bought “{name}” or were given it, so it stays. {HIDE}")));
        }
    }
    let (sections, lessons) = queries::count_parts(&mut *tx, course).await?;
    queries::delete(&mut *tx, course).await?;
    let parts = format!("{} and {}", count(sections, "section"), count(lessons, "lesson"));
    let summary = format!("Deleted the course “{name}” with {parts}");
    audit::record(&mut *tx, admin, "course.delete", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(name)
}

const HIDE: &str = "To hide it, make its sections private.";

/// "“X” is part of the products A and B. Take it out of them first." At most three of them are named.
fn sold_in(name: &str, products: &[String]) -> String {
    match products {
        [one] => format!("“{name}” is part of the product {one}. Take it out of it first."),
        [some @ .., last] if products.len() <= 3 => {
            format!("“{name}” is part of the products {} and {last}. Take it out of them first.", some.join(", "))
        }
        [a, b, rest @ ..] => {
            let others = rest.len();
            format!("“{name}” is part of the products {a}, {b} and {others} others. Take it out of them first.")
        }
        [] => String::new(),
    }
}

/// "1 lesson", "9 lessons".
pub fn count(n: i64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}
