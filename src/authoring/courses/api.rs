//! Server functions of the back office for courses.

use leptos::prelude::*;

use crate::{
    authoring::courses::{CourseDetails, CourseList},
    courses::curriculum::{Curriculum, CurriculumOrder},
    error::Result,
    id::CourseId,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    authoring::courses::{queries, reorder, service},
    error::Error,
    pagination::PageRequest,
    server::http::request_context::{AdminContext, extract},
};

/// Lists courses by name. `page` counts from 1.
#[server(output = Json)]
pub async fn get_courses(search: String, page: u32) -> Result<CourseList> {
    const PAGE_SIZE: u16 = 25;
    let AdminContext { db, .. } = extract().await?;
    let (search, request) = (search.trim().to_owned(), PageRequest::new(page, PAGE_SIZE));
    let courses = queries::list(&db, &search, request.limit(), request.offset()).await?;
    Ok(CourseList { courses: request.page(courses), search, page: request.number })
}

/// Returns a course's name and description.
#[server(output = Json)]
pub async fn get_course_details(course: CourseId) -> Result<CourseDetails> {
    let AdminContext { db, .. } = extract().await?;
    queries::find(&db, course).await?.ok_or(Error::NotFound)
}

/// Returns a course's curriculum with private sections and lessons.
#[server(output = Json)]
pub async fn get_curriculum(course: CourseId) -> Result<Curriculum> {
    let AdminContext { db, .. } = extract().await?;
    queries::find_curriculum(&db, course).await?.ok_or(Error::NotFound)
}

/// Reorders a course's sections and lessons, and returns the new curriculum. `version` is the one that the order is based on:
/// when another admin changed the course in the meantime, the response is [`Error::Conflict`](crate::error::Error::Conflict), and
/// nothing moves.
#[server(input = Json, output = Json)]
pub async fn reorder_course(course: CourseId, version: i64, order: CurriculumOrder) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    reorder::reorder(&db, admin.id, course, version, &order).await
}

/// Deletes a course that is in no product and never had an owner, and returns its name; otherwise
/// [`Error::Conflict`](crate::error::Error::Conflict) with the reason.
#[server(output = Json)]
pub async fn delete_course(course: CourseId) -> Result<String> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::delete(&db, admin.id, course).await
}
