//! What the browser may ask about the school. For admins.

use leptos::prelude::*;

use crate::{error::Result, school::SchoolForm, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    school::queries,
    server::http::request_context::{AdminContext, RequestContext},
};

/// The school, to write.
#[server(output = Json)]
pub async fn get_school_form() -> Result<SchoolForm> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    Ok(queries::find(&db).await?)
}
