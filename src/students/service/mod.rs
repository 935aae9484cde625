//! People in the back office: finding them, giving them courses, and making them admins.

#[cfg(test)]
mod tests;

use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, FieldError, Result},
    id::{CourseId, UserId},
    platform::postgres::like_pattern,
    purchases,
    students::{
        StudentFilter, StudentList, StudentPage, StudentRow, emails,
        queries::{self, Named, SearchTerms},
    },
    users::{self, Role},
};

/// Rows of a page.
const PAGE_SIZE: usize = 50;
/// The longest note of a gift, in characters.
pub const NOTE: usize = 500;
/// The purchases that a student's page shows.
const PURCHASES: i64 = 50;

/// A page of the people that are looked at.
///
/// # Errors
/// The database's.
pub async fn list_students(db: &PgPool, filter: StudentFilter, before: Option<UserId>) -> Result<StudentList> {
    let mut people = if filter.admins {
        queries::list_admins(db, &like_pattern::contains(&filter.q), before).await?
    } else if filter.q.is_empty() {
        queries::list(db, before).await?
    } else {
        search(db, &filter.q, before).await?
    };
    let more = people.len() > PAGE_SIZE;
    people.truncate(PAGE_SIZE);
    Ok(StudentList { filter, people, newest: before.is_none(), more })
}

/// What is looked for is either common, and then among the next thousand, or rare, and then quickly found by its letters.
async fn search(db: &PgPool, q: &str, before: Option<UserId>) -> sqlx::Result<Vec<StudentRow>> {
    let sought = sought(q);
    let near = queries::list_sought_nearby(db, &sought, before).await?;
    if near.len() > PAGE_SIZE { Ok(near) } else { queries::list_sought(db, &sought, before).await }
}

/// Three letters are looked for anywhere; one or two only where a word starts, because an index knows no less.
fn sought(q: &str) -> SearchTerms {
    let text = like_pattern::escape(q);
    if q.chars().count() < 3 {
        SearchTerms { start: format!("{text}%"), within: format!("% {text}%") }
    } else {
        SearchTerms { start: format!("%{text}%"), within: format!("%{text}%") }
    }
}

/// Everything about one student.
///
/// # Errors
/// [`Error::NotFound`] when nobody of this id is here.
pub async fn page(db: &PgPool, student: UserId, viewer: UserId) -> Result<StudentPage> {
    let row = queries::find(db, student).await?.ok_or(Error::NotFound)?;
    let courses = queries::list_held(db, student).await?;
    let mut purchases = purchases::queries::list_of_user(db, student, PURCHASES, 0).await?;
    purchases.truncate(usize::try_from(PURCHASES).unwrap_or_default());
    Ok(StudentPage { student: row, is_me: student == viewer, courses, purchases })
}

/// Gives a course to somebody, whatever they bought. Returns what happened, as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for nobody, [`Error::Invalid`] for no course or a long note, [`Error::Conflict`] for a second gift.
pub async fn give_course(
    db: &PgPool,
    admin: UserId,
    student: UserId,
    course: Option<CourseId>,
    note: &str,
) -> Result<String> {
    let note = note.trim();
    let mut wrong = Vec::new();
    if course.is_none() {
        wrong.push(FieldError::new("course", "Choose a course."));
    }
    if note.chars().count() > NOTE {
        wrong.push(FieldError::new("note", "Write at most 500 characters."));
    } else if note.contains(|letter: char| letter.is_control() && !letter.is_whitespace()) {
        wrong.push(FieldError::new("note", "Leave out control characters."));
    }
    let course = course.filter(|_| wrong.is_empty()).ok_or(Error::Invalid(wrong))?;
    let mut tx = db.begin().await?;
    let Named { name, email, .. } = queries::lock(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let title = queries::lock_course(&mut *tx, course).await?;
    let title = title.ok_or_else(|| {
        Error::Invalid(vec![FieldError::new("course", "This course is not there any more. Choose another.")])
    })?;
    if !queries::insert_gift(&mut *tx, student, course, admin, note).await? {
        return Err(Error::Conflict(format!("{name} was given “{title}” already.")));
    }
    let why = if note.is_empty() { String::new() } else { format!(", with the note “{note}”") };
    let summary = format!("Gave {name} ({email}) the course “{title}”{why}");
    emails::told_given(&mut tx, student, &name, &title, course).await?;
    audit::service::record(&mut *tx, admin, "course.give", student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Gave “{title}” to {name}."))
}

/// Takes a gift back. Whoever bought the course too keeps it. Returns what happened, as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for nobody or no course, [`Error::Conflict`] when it was not a gift.
pub async fn take_back_course(db: &PgPool, admin: UserId, student: UserId, course: CourseId) -> Result<String> {
    let mut tx = db.begin().await?;
    let Named { name, email, .. } = queries::lock(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let title = queries::lock_course(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    if !queries::delete_gift(&mut *tx, student, course).await? {
        return Err(Error::Conflict(format!(
            "“{title}” is no gift, or was taken back already. What was bought ends when its sale is refunded."
        )));
    }
    let keeps = queries::has_course(&mut *tx, student, course).await?;
    let rest = if keeps { ", who keeps it because they bought it" } else { "" };
    let summary = format!("Took the gift “{title}” back from {name} ({email}){rest}");
    if !keeps {
        emails::told_taken(&mut tx, student, &name, &title).await?;
    }
    audit::service::record(&mut *tx, admin, "course.take_back", student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Took “{title}” back from {name}{rest}."))
}

/// Makes somebody an admin, or a student again. The last admin stays one. Returns what happened, as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for nobody, [`Error::Conflict`] for the last admin, [`Error::Forbidden`] for an admin who was made a
/// student meanwhile.
pub async fn set_admin(db: &PgPool, admin: UserId, student: UserId, make: bool) -> Result<String> {
    let mut tx = db.begin().await?;
    let admins = users::queries::lock_admins(&mut *tx).await?;
    if !admins.contains(&admin) {
        return Err(Error::Forbidden);
    }
    let Named { name, email, role } = queries::lock(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let (wanted, action, summary, said) = if make {
        (Role::Admin, "user.make_admin", format!("Made {name} ({email}) an admin"), format!("{name} is an admin now."))
    } else {
        let summary = format!("Made {name} ({email}) a student again, who was an admin");
        (Role::User, "user.unmake_admin", summary, format!("{name} is no admin any more."))
    };
    if role == wanted {
        return Ok(said);
    }
    if !make && admins == [student] {
        return Err(Error::Conflict("You are the only admin. Make somebody else admin first.".into()));
    }
    users::queries::set_role(&mut *tx, student, wanted).await?;
    audit::service::record(&mut *tx, admin, action, student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(said)
}
