//! Server functions of the students pages. All of them require an admin.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::{CourseId, UserId},
    students::{CourseChoice, StudentList, StudentPage},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    platform::postgres::like_pattern,
    server::http::request_context::{AdminContext, extract},
    students::{StudentFilter, queries, service},
};

/// Lists a page of accounts, newest first. `role` is `admin` or empty.
#[server(output = Json)]
pub async fn get_students(
    #[server(default)] q: String,
    #[server(default)] role: String,
    before: Option<UserId>,
) -> Result<StudentList> {
    let AdminContext { db, .. } = extract().await?;
    service::list_students(&db, StudentFilter::new(&q, &role), before).await
}

/// Finds a student with courses and purchases.
#[server(output = Json)]
pub async fn get_student(student: UserId) -> Result<StudentPage> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::find_student_page(&db, student, admin.id).await
}

/// Lists courses that can be given to a student, by part of their name.
#[server(output = Json)]
pub async fn list_courses_to_give(student: UserId, #[server(default)] q: String) -> Result<Vec<CourseChoice>> {
    let AdminContext { db, .. } = extract().await?;
    let StudentFilter { q, .. } = StudentFilter::new(&q, "");
    Ok(queries::list_courses_to_give(&db, student, &like_pattern::contains(&q)).await?)
}

/// Gives a course to a student. Returns the result as a sentence.
#[server(output = Json)]
pub async fn give_course(student: UserId, course: Option<CourseId>, #[server(default)] note: String) -> Result<String> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::give_course(&db, admin.id, student, course, &note).await
}

/// Takes a given course back. Returns the result as a sentence.
#[server(output = Json)]
pub async fn take_back_course(student: UserId, course: CourseId) -> Result<String> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::take_back_course(&db, admin.id, student, course).await
}

/// Makes a student an admin, or an admin a student. Returns the result as a sentence.
#[server(output = Json)]
pub async fn set_admin(student: UserId, admin: bool) -> Result<String> {
    let AdminContext { db, admin: actor, .. } = extract().await?;
    service::set_admin(&db, actor.id, student, admin).await
}
