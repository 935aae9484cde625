//! Emails to a student about a course that an admin gave or took back.

use sqlx::PgConnection;

use crate::{
    id::{CourseId, UserId},
    mail::{EmailBody, queries as outbox},
    paths,
};

/// Enqueues the email about a given course. A course that is given again after it was taken back is announced again. The note of
/// the gift is for admins and is not in the email.
pub async fn enqueue_course_given(
    tx: &mut PgConnection,
    student: UserId,
    name: &str,
    title: &str,
    course: CourseId,
) -> sqlx::Result<()> {
    outbox::insert(tx, "course_given", None, student, &course_given(name, title, course)).await
}

/// Enqueues the email about a course that was taken back.
pub async fn enqueue_course_taken_back(
    tx: &mut PgConnection,
    student: UserId,
    name: &str,
    title: &str,
) -> sqlx::Result<()> {
    outbox::insert(tx, "course_taken", None, student, &course_taken_back(name, title)).await
}

fn course_given(name: &str, title: &str, course: CourseId) -> EmailBody {
    EmailBody::new(format!("You were given the course {title}"))
        .line(format!("Hello {name},"))
        .line(format!("{title} is yours, and there is nothing to pay."))
        .link("Start learning", paths::course(course))
}

fn course_taken_back(name: &str, title: &str) -> EmailBody {
    EmailBody::new(format!("Your access to {title} has ended"))
        .line(format!("Hello {name},"))
        .line(format!("{title} was a gift, and your access to it has ended. Your progress is saved."))
        .link("Your courses", paths::COURSES)
}
