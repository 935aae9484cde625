//! What the browser may ask about products.

use leptos::prelude::*;

use super::{ProductPage, Storefront};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{ProductId, policy, queries},
    crate::{error::Error, paths, server::call::Call},
};

/// How many products a page of the storefront shows.
#[cfg(feature = "ssr")]
const PAGE: i64 = 24;

/// A page of public products. `search` is matched as it is typed; `page` counts from 1.
#[server(output = Json)]
pub async fn get_storefront(search: String, page: u32) -> Result<Storefront> {
    let Call { db, viewer, .. } = Call::current().await?;
    let search: String = search.trim().chars().take(100).collect();
    let page = page.clamp(1, 10_000);
    let mut products = queries::list_public(&db, &search, PAGE, i64::from(page - 1) * PAGE).await?;
    let more = products.len() > 24;
    products.truncate(24);
    let resume = match viewer.user_id() {
        Some(user) if page == 1 && search.is_empty() => queries::find_resume(&db, user).await?,
        _ => None,
    };
    Ok(Storefront { products, search, page, more, resume })
}

/// A product by its slug. By its id, the answer is a redirect to its slug.
#[server(output = Json)]
pub async fn get_product_page(slug: String) -> Result<ProductPage> {
    let Call { db, viewer, .. } = Call::current().await?;
    if let Ok(id) = slug.parse::<ProductId>() {
        let slug = queries::find_slug(&db, id).await?.ok_or(Error::NotFound)?;
        let page = find(&db, &slug, &viewer).await?;
        leptos_axum::redirect(&paths::product(&slug));
        return Ok(page);
    }
    find(&db, &slug, &viewer).await
}

#[cfg(feature = "ssr")]
pub(crate) async fn find(db: &sqlx::PgPool, slug: &str, viewer: &crate::users::Viewer) -> Result<ProductPage> {
    queries::find_page(db, slug, viewer.user_id())
        .await?
        .filter(|page| policy::can_see(viewer.is_admin(), page.status))
        .ok_or(Error::NotFound)
}
