//! What the back office asks of the server.

use leptos::prelude::*;

use super::Overview;
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {super::queries, crate::server::call::Call};

/// The school in figures. For admins.
#[server(output = Json)]
pub async fn get_overview() -> Result<Overview> {
    let Call { db, viewer, .. } = Call::current().await?;
    viewer.admin()?;
    Ok(queries::find_overview(&db).await?)
}
