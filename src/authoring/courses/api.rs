//! What the back office asks and does about courses.

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
    server::http::request_context::{AdminContext, RequestContext},
};

/// Courses by name. `page` counts from 1.
#[server(output = Json)]
pub async fn get_courses(search: String, page: u32) -> Result<CourseList> {
    const PAGE_SIZE: i64 = 25;
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let (search, page) = (search.trim().to_owned(), page.clamp(1, 10_000));
    let mut courses = queries::list(&db, &search, PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = courses.len() > 25;
    courses.truncate(25);
    Ok(CourseList { courses, search, page, more })
}

/// What a course is called and about.
#[server(output = Json)]
pub async fn get_course_details(course: CourseId) -> Result<CourseDetails> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    queries::find(&db, course).await?.ok_or(Error::NotFound)
}

/// A course as its editor shows it.
#[server(output = Json)]
pub async fn get_curriculum(course: CourseId) -> Result<Curriculum> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    queries::find_curriculum(&db, course).await?.ok_or(Error::NotFound)
}

/// Puts a course into a new order, and answers how it is now. `version` is the one that the order was made from: when somebody
/// else changed the course meanwhile, that is [`Error::Conflict`], and nothing moves.
#[server(input = Json, output = Json)]
pub async fn reorder_course(course: CourseId, version: i64, order: CurriculumOrder) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    reorder::reorder(&db, admin.id, course, version, &order).await
}

/// Deletes a course that nobody sells and nobody ever had, and answers its name. [`Error::Conflict`] says what stands in the way.
#[server(output = Json)]
pub async fn delete_course(course: CourseId) -> Result<String> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::delete(&db, admin.id, course).await
}
