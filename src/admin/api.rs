//! What the back office asks of the server.

use leptos::prelude::*;

use super::Overview;
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::queries,
    crate::server::call::{AdminCall, Call},
};

/// The school in figures. For admins.
#[server(output = Json)]
pub async fn get_overview() -> Result<Overview> {
    let AdminCall { db, .. } = Call::admin().await?;
    Ok(queries::find_overview(&db).await?)
}
