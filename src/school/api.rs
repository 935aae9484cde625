//! What the browser may ask about the school. For admins.

use leptos::prelude::*;

use super::SchoolForm;
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::queries,
    crate::server::call::{AdminCall, Call},
};

/// The school, to write.
#[server(output = Json)]
pub async fn get_school_form() -> Result<SchoolForm> {
    let AdminCall { db, .. } = Call::admin().await?;
    Ok(queries::find(&db).await?)
}
