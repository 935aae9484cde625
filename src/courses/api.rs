//! What the back office asks and does about courses.

use leptos::prelude::*;

use super::{CourseDetails, CourseId, CourseList, CourseTree, TreeOrder};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{queries, reorder, writing},
    crate::{
        error::Error,
        server::call::{AdminCall, Call},
    },
};

/// Courses by name. `page` counts from 1.
#[server(output = Json)]
pub async fn get_courses(search: String, page: u32) -> Result<CourseList> {
    const PAGE: i64 = 25;
    let AdminCall { db, .. } = Call::admin().await?;
    let (search, page) = (search.trim().to_owned(), page.clamp(1, 10_000));
    let mut courses = queries::list(&db, &search, PAGE, i64::from(page - 1) * PAGE).await?;
    let more = courses.len() > 25;
    courses.truncate(25);
    Ok(CourseList { courses, search, page, more })
}

/// What a course is called and about.
#[server(output = Json)]
pub async fn get_course_details(course: CourseId) -> Result<CourseDetails> {
    let AdminCall { db, .. } = Call::admin().await?;
    queries::find(&db, course).await?.ok_or(Error::NotFound)
}

/// A course as its editor shows it.
#[server(output = Json)]
pub async fn get_course_tree(course: CourseId) -> Result<CourseTree> {
    let AdminCall { db, .. } = Call::admin().await?;
    queries::find_tree(&db, course).await?.ok_or(Error::NotFound)
}

/// Puts a course into a new order, and answers how it is now. `version` is the one that the order was made from: when somebody
/// else changed the course meanwhile, that is [`Error::Conflict`], and nothing moves.
#[server(input = Json, output = Json)]
pub async fn reorder_course(course: CourseId, version: i64, order: TreeOrder) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    reorder::reorder(&db, admin.id, course, version, &order).await
}

/// Deletes a course that nobody sells and nobody ever had, and answers its name. [`Error::Conflict`] says what stands in the way.
#[server(output = Json)]
pub async fn delete_course(course: CourseId) -> Result<String> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::delete(&db, admin.id, course).await
}
