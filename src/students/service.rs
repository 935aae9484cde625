//! Searching students, giving them courses, and changing their role.

use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, FieldError, Result},
    id::{CourseId, UserId},
    pagination::{Page, PageDirection, PageRequest},
    platform::postgres::like_pattern,
    purchases,
    students::{
        StudentFilter, StudentList, StudentPage, StudentRow, emails,
        queries::{self, Identity, SearchTerms},
    },
    users::{self, Role},
};

/// Rows of a page.
const PAGE_SIZE: u16 = 50;
/// The longest note of a gift, in characters.
const MAX_NOTE_LENGTH: usize = 500;
/// The number of purchases on a student's page.
const MAX_PURCHASES: u16 = 50;

/// Lists a page of the accounts that a filter selects, newest first.
///
/// # Errors
/// The database's.
pub async fn list_students(db: &PgPool, filter: StudentFilter, before: Option<UserId>) -> Result<StudentList> {
    let students = if filter.admins {
        queries::list_admins(db, &like_pattern::contains(&filter.q), before).await?
    } else if filter.q.is_empty() {
        queries::list(db, before).await?
    } else {
        search(db, &filter.q, before).await?
    };
    Ok(StudentList { filter, students: Page::from_rows(students, PAGE_SIZE, &PageDirection::from(before)) })
}

/// Searches the next thousand users first, and all users by index only when these do not fill the page: a search text is either
/// common, and then among the next thousand, or rare, and then quickly found by index.
async fn search(db: &PgPool, q: &str, before: Option<UserId>) -> sqlx::Result<Vec<StudentRow>> {
    let terms = search_terms(q);
    let recent = queries::search_recent(db, &terms, before).await?;
    if recent.len() > usize::from(PAGE_SIZE) { Ok(recent) } else { queries::search_by_index(db, &terms, before).await }
}

/// Matches three letters anywhere, and one or two only at the start of a word, because the index consists of trigrams.
fn search_terms(q: &str) -> SearchTerms {
    let text = like_pattern::escape(q);
    if q.chars().count() < 3 {
        SearchTerms { start: format!("{text}%"), within: format!("% {text}%") }
    } else {
        SearchTerms { start: format!("%{text}%"), within: format!("%{text}%") }
    }
}

/// Finds a student with their courses and newest purchases.
///
/// # Errors
/// [`Error::NotFound`] when no account has this id.
pub async fn find_student_page(db: &PgPool, student: UserId, viewer: UserId) -> Result<StudentPage> {
    let row = queries::find_student(db, student).await?.ok_or(Error::NotFound)?;
    let courses = queries::list_courses(db, student).await?;
    let request = PageRequest::new(1, MAX_PURCHASES);
    let purchases = purchases::queries::list_of_user(db, student, request.limit(), request.offset()).await?;
    let purchases = request.page(purchases).rows;
    Ok(StudentPage { student: row, is_viewer: student == viewer, courses, purchases })
}

/// Gives a course to a student, whatever they bought. Returns the result as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for an unknown student, [`Error::Invalid`] for a missing course or an invalid note, [`Error::Conflict`] for a
/// second gift.
pub async fn give_course(
    db: &PgPool,
    admin: UserId,
    student: UserId,
    course: Option<CourseId>,
    note: &str,
) -> Result<String> {
    let note = note.trim();
    let mut errors = Vec::new();
    if course.is_none() {
        errors.push(FieldError::new("course", "Choose a course."));
    }
    if note.chars().count() > MAX_NOTE_LENGTH {
        errors.push(FieldError::new("note", "Write at most 500 characters."));
    } else if note.contains(|letter: char| letter.is_control() && !letter.is_whitespace()) {
        errors.push(FieldError::new("note", "Leave out control characters."));
    }
    let course = course.filter(|_| errors.is_empty()).ok_or(Error::Invalid(errors))?;
    let mut tx = db.begin().await?;
    let Identity { name, email, .. } = queries::lock_student(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let title = queries::lock_course(&mut *tx, course).await?;
    let title = title.ok_or_else(|| {
        Error::Invalid(vec![FieldError::new("course", "This course no longer exists. Choose another.")])
    })?;
    if !queries::insert_gift(&mut *tx, student, course, admin, note).await? {
        return Err(Error::Conflict(format!("{name} already has “{title}” as a gift.")));
    }
    let suffix = if note.is_empty() { String::new() } else { format!(", with the note “{note}”") };
    let summary = format!("Gave the course “{title}” to {name} ({email}){suffix}");
    emails::enqueue_course_given(&mut tx, student, &name, &title, course).await?;
    audit::service::record(&mut *tx, admin, "course.give", student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Gave “{title}” to {name}."))
}

/// Takes a given course back. A student who also bought the course keeps it. Returns the result as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for an unknown student or course, [`Error::Conflict`] when the course was not given.
pub async fn take_back_course(db: &PgPool, admin: UserId, student: UserId, course: CourseId) -> Result<String> {
    let mut tx = db.begin().await?;
    let Identity { name, email, .. } = queries::lock_student(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let title = queries::lock_course(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    if !queries::delete_gift(&mut *tx, student, course).await? {
        return Err(Error::Conflict(format!(
            "“{title}” was not given, or was already taken back. Refund the sale to end access to a bought course."
        )));
    }
    let keeps_access = queries::has_course(&mut *tx, student, course).await?;
    let suffix = if keeps_access { ", who keeps access because they bought it" } else { "" };
    let summary = format!("Took back the course “{title}” from {name} ({email}){suffix}");
    if !keeps_access {
        emails::enqueue_course_taken_back(&mut tx, student, &name, &title).await?;
    }
    audit::service::record(&mut *tx, admin, "course.take_back", student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Took back “{title}” from {name}{suffix}."))
}

/// Makes a student an admin, or an admin a student. The last admin cannot be removed. Returns the result as a sentence.
///
/// # Errors
/// [`Error::NotFound`] for an unknown student, [`Error::Conflict`] for the last admin, [`Error::Forbidden`] when the acting admin was
/// made a student meanwhile.
pub async fn set_admin(db: &PgPool, admin: UserId, student: UserId, promote: bool) -> Result<String> {
    let mut tx = db.begin().await?;
    let admins = users::queries::lock_admins(&mut *tx).await?;
    if !admins.contains(&admin) {
        return Err(Error::Forbidden);
    }
    let Identity { name, email, role } = queries::lock_student(&mut *tx, student).await?.ok_or(Error::NotFound)?;
    let (new_role, action, summary, message) = if promote {
        (Role::Admin, "user.make_admin", format!("Made {name} ({email}) an admin"), format!("{name} is an admin now."))
    } else {
        let summary = format!("Removed {name} ({email}) as admin");
        (Role::User, "user.unmake_admin", summary, format!("{name} is no longer an admin."))
    };
    if role == new_role {
        return Ok(message);
    }
    if !promote && admins == [student] {
        return Err(Error::Conflict("You are the only admin. Make another user admin first.".into()));
    }
    users::queries::set_role(&mut *tx, student, new_role).await?;
    audit::service::record(&mut *tx, admin, action, student.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(message)
}
