//! What the pages about people ask of the server.

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
    server::http::request_context::{AdminContext, RequestContext},
    students::{StudentFilter, queries, service},
};

/// A page of everybody who is here, newest first. `role` is `admin` or nothing. For admins.
#[server(output = Json)]
pub async fn get_students(
    #[server(default)] q: String,
    #[server(default)] role: String,
    before: Option<UserId>,
) -> Result<StudentList> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    service::list_students(&db, StudentFilter::new(&q, &role), before).await
}

/// One student with courses and purchases. For admins.
#[server(output = Json)]
pub async fn get_student(student: UserId) -> Result<StudentPage> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::page(&db, student, admin.id).await
}

/// Courses that can be given to a student, by a part of their name. For admins.
#[server(output = Json)]
pub async fn list_courses_to_give(student: UserId, #[server(default)] q: String) -> Result<Vec<CourseChoice>> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let StudentFilter { q, .. } = StudentFilter::new(&q, "");
    Ok(queries::list_to_give(&db, student, &like_pattern::contains(&q)).await?)
}

/// Gives a student a course. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn give_course(student: UserId, course: Option<CourseId>, #[server(default)] note: String) -> Result<String> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::give_course(&db, admin.id, student, course, &note).await
}

/// Takes a gift back. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn take_back_course(student: UserId, course: CourseId) -> Result<String> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::take_back_course(&db, admin.id, student, course).await
}

/// Makes somebody an admin, or a student again. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn set_admin(student: UserId, admin: bool) -> Result<String> {
    let AdminContext { db, admin: actor, .. } = RequestContext::admin().await?;
    service::set_admin(&db, actor.id, student, admin).await
}
