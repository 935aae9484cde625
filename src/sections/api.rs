//! What the back office does to sections. Each change answers the whole course as it is now.

use leptos::prelude::*;

use crate::{
    courses::{CourseId, CourseTree, SectionId},
    error::Result,
    lessons::SectionStatus,
    wire::Json,
};

#[cfg(feature = "ssr")]
use {
    super::{queries, writing},
    crate::{
        error::Error,
        server::call::{AdminCall, Call},
    },
};

/// Makes a section, after the last.
#[server(output = Json)]
pub async fn create_section(course: CourseId, name: String, status: SectionStatus) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::create(&db, admin.id, course, &name, status).await
}

/// Renames a section, or opens or closes it: what is not given stays as it is, whoever changed it meanwhile.
#[server(output = Json)]
pub async fn update_section(
    section: SectionId,
    name: Option<String>,
    status: Option<SectionStatus>,
) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::update(&db, admin.id, section, name.as_deref(), status).await
}

/// Deletes a section with its lessons.
#[server(output = Json)]
pub async fn delete_section(section: SectionId) -> Result<CourseTree> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    writing::delete(&db, admin.id, section).await
}

/// How many students completed something in it.
#[server(output = Json)]
pub async fn count_section_students(section: SectionId) -> Result<i64> {
    let AdminCall { db, .. } = Call::admin().await?;
    queries::count_students(&db, section).await?.ok_or(Error::NotFound)
}
