//! What the back office does to sections. Each change answers the whole course as it is now.

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
    server::http::request_context::{AdminContext, RequestContext},
};

/// Makes a section, after the last.
#[server(output = Json)]
pub async fn create_section(course: CourseId, name: String, status: SectionStatus) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::create(&db, admin.id, course, &name, status).await
}

/// Renames a section, or opens or closes it: what is not given stays as it is, whoever changed it meanwhile.
#[server(output = Json)]
pub async fn update_section(
    section: SectionId,
    name: Option<String>,
    status: Option<SectionStatus>,
) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::update(&db, admin.id, section, name.as_deref(), status).await
}

/// Deletes a section with its lessons.
#[server(output = Json)]
pub async fn delete_section(section: SectionId) -> Result<Curriculum> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::delete(&db, admin.id, section).await
}

/// How many students completed something in it.
#[server(output = Json)]
pub async fn count_section_students(section: SectionId) -> Result<i64> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    queries::count_students(&db, section).await?.ok_or(Error::NotFound)
}
