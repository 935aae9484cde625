//! Server functions of the buyer's purchase history and receipts.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::PurchaseId,
    purchases::{History, Receipt},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    pagination::PageRequest,
    purchases::queries,
    server::http::request_context::{RequestContext, extract},
};

/// Returns a page of the viewer's purchases. `page` counts from 1.
#[server(output = Json)]
pub async fn get_history(page: u32) -> Result<History> {
    const PAGE_SIZE: u16 = 25;
    let RequestContext { db, viewer, .. } = extract().await?;
    let user = viewer.signed_in()?.id;
    let request = PageRequest::new(page, PAGE_SIZE);
    let purchases = queries::list_of_user(&db, user, request.limit(), request.offset()).await?;
    Ok(History { purchases: request.page(purchases), page: request.number })
}

/// Returns a receipt of the viewer's. Another user's receipt is `NotFound`.
#[server(output = Json)]
pub async fn get_receipt(purchase: PurchaseId) -> Result<Receipt> {
    let RequestContext { db, viewer, .. } = extract().await?;
    let user = viewer.signed_in()?.id;
    queries::find_receipt(&db, purchase, user).await?.ok_or(Error::NotFound)
}
