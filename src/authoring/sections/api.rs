//! Server functions of the back office for sections. Each change returns the course's curriculum after it, so that the editor
//! shows what other admins changed too.

use leptos::prelude::*;

use crate::{
    courses::{curriculum::Curriculum, lesson::SectionStatus},
    error::Result,
    id::{CourseId, SectionId},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    authoring::sections::{queries, service},
    error::Error,
    server::http::request_context::{AdminContext, extract},
};

/// Creates a section at the end of a course.
#[server(output = Json)]
pub async fn create_section(course: CourseId, name: String, status: SectionStatus) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::create(&db, admin.id, course, &name, status).await
}

/// Updates a section's name, status or both. `None` leaves the stored value, which another admin may have changed in the
/// meantime.
#[server(output = Json)]
pub async fn update_section(
    section: SectionId,
    name: Option<String>,
    status: Option<SectionStatus>,
) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::update(&db, admin.id, section, name.as_deref(), status).await
}

/// Deletes a section with its lessons.
#[server(output = Json)]
pub async fn delete_section(section: SectionId) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::delete(&db, admin.id, section).await
}

/// Returns how many students completed a lesson of the section.
#[server(output = Json)]
pub async fn count_section_students(section: SectionId) -> Result<i64> {
    let AdminContext { db, .. } = extract().await?;
    queries::count_students(&db, section).await?.ok_or(Error::NotFound)
}
