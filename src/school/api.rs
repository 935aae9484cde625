//! Server functions of the school's settings, for admins.

use leptos::prelude::*;

use crate::{error::Result, school::SchoolForm, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    school::queries,
    server::http::request_context::{AdminContext, extract},
};

/// Returns the settings of the school.
#[server(output = Json)]
pub async fn get_school_form() -> Result<SchoolForm> {
    let AdminContext { db, .. } = extract().await?;
    Ok(queries::read(&db).await?)
}
