//! What the browser may ask about purchases: one's own.

use leptos::prelude::*;

use super::{History, PurchaseId, Receipt};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::queries,
    crate::{error::Error, server::call::Call},
};

/// The viewer's purchases. `page` counts from 1.
#[server(output = Json)]
pub async fn get_history(page: u32) -> Result<History> {
    const PAGE: i64 = 25;
    let Call { db, viewer, .. } = Call::current().await?;
    let user = viewer.signed_in()?.id;
    let page = page.clamp(1, 10_000);
    let mut purchases = queries::list_of_user(&db, user, PAGE, i64::from(page - 1) * PAGE).await?;
    let more = purchases.len() > 25;
    purchases.truncate(25);
    Ok(History { purchases, page, more })
}

/// A receipt of the viewer's. Somebody else's is not there.
#[server(output = Json)]
pub async fn get_receipt(purchase: PurchaseId) -> Result<Receipt> {
    let Call { db, viewer, .. } = Call::current().await?;
    let user = viewer.signed_in()?.id;
    queries::find_receipt(&db, purchase, user).await?.ok_or(Error::NotFound)
}
