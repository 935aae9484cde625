//! What the back office does to sections. Each change answers the whole course as it is now.

use leptos::prelude::*;

use crate::{
    courses::{CourseId, CourseTree, SectionId},
    error::Result,
    lessons::SectionStatus,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    server::call::{AdminCall, Call},
};

/// Makes a section, after the last.
#[server(output = Json)]
pub async fn create_section(course: CourseId, name: String, status: SectionStatus) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (course, name, status);
    Err(Error::Unavailable)
}

/// Renames a section, and opens or closes it.
#[server(output = Json)]
pub async fn update_section(section: SectionId, name: String, status: SectionStatus) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = (section, name, status);
    Err(Error::Unavailable)
}

/// Deletes a section with its lessons.
#[server(output = Json)]
pub async fn delete_section(section: SectionId) -> Result<CourseTree> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = section;
    Err(Error::Unavailable)
}

/// How many students completed something in it.
#[server(output = Json)]
pub async fn count_section_students(section: SectionId) -> Result<i64> {
    let AdminCall { .. } = Call::admin().await?;
    let _ = section;
    Err(Error::Unavailable)
}
