//! What the back office asks and does about courses.

use leptos::prelude::*;

use super::{CourseId, CourseTree, TreeOrder};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    server::call::{AdminCall, Call},
};

/// A course as its editor shows it. For admins.
#[server(output = Json)]
pub async fn get_course_tree(course: CourseId) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = course;
    Err(Error::Unavailable)
}

/// Puts a course into a new order, and answers how it is now. `version` is the one that the order was made from: when somebody
/// else changed the course meanwhile, that is [`Error::Conflict`], and nothing moves.
#[server(input = Json, output = Json)]
pub async fn reorder_course(course: CourseId, version: i64, order: TreeOrder) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (course, version, order);
    Err(Error::Unavailable)
}
