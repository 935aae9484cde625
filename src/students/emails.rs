//! What somebody is written when a course is given to them, or taken back.

use sqlx::PgConnection;

use crate::{
    id::{CourseId, UserId},
    mail::{EmailBody, queries as outbox},
    paths,
};

/// A gift may be given again after it was taken back, and then it is told again. Its note is for admins.
pub async fn told_given(
    tx: &mut PgConnection,
    student: UserId,
    name: &str,
    title: &str,
    course: CourseId,
) -> sqlx::Result<()> {
    outbox::insert(tx, "course_given", None, student, &given(name, title, course)).await
}

pub async fn told_taken(tx: &mut PgConnection, student: UserId, name: &str, title: &str) -> sqlx::Result<()> {
    outbox::insert(tx, "course_taken", None, student, &taken(name, title)).await
}

fn given(name: &str, title: &str, course: CourseId) -> EmailBody {
    EmailBody::new(format!("You were given the course {title}"))
        .line(format!("Hello {name},"))
        .line(format!("{title} is yours, and there is nothing to pay."))
        .link("Start learning", paths::course(course))
}

fn taken(name: &str, title: &str) -> EmailBody {
    EmailBody::new(format!("Your access to {title} has ended"))
        .line(format!("Hello {name},"))
        .line(format!("{title} was a gift, and your access to it has ended. Your progress is kept."))
        .link("Your courses", paths::COURSES)
}
