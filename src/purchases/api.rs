//! What the browser may ask about purchases: one's own, and as an admin everybody's.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::PurchaseId,
    purchases::{History, Receipt},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{error::Error, purchases::queries, server::http::request_context::RequestContext};

/// The viewer's purchases. `page` counts from 1.
#[server(output = Json)]
pub async fn get_history(page: u32) -> Result<History> {
    const PAGE_SIZE: i64 = 25;
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let user = viewer.signed_in()?.id;
    let page = page.clamp(1, 10_000);
    let mut purchases = queries::list_of_user(&db, user, PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = purchases.len() > 25;
    purchases.truncate(25);
    Ok(History { purchases, page, more })
}

/// A receipt of the viewer's. Somebody else's is not there.
#[server(output = Json)]
pub async fn get_receipt(purchase: PurchaseId) -> Result<Receipt> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let user = viewer.signed_in()?.id;
    queries::find_receipt(&db, purchase, user).await?.ok_or(Error::NotFound)
}
