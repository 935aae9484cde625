//! What the browser may ask about products.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::ProductId,
    products::{ProductForm, ProductList, ProductPage, Removal, Storefront},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    paths,
    platform::{clock, markdown, response},
    prices::quote::{self, Buyer},
    products::{ProductStatus, admin_queries, policy, queries, service},
    server::{
        http::{
            client_ip::ClientInfo,
            request_context::{AdminContext, RequestContext},
        },
        state::AppState,
    },
    users::Viewer,
};

/// How many products a page of the storefront shows.
#[cfg(feature = "ssr")]
const PAGE_SIZE: i64 = 24;

/// A page of public products. `search` is matched as it is typed; `page` counts from 1.
#[server(output = Json)]
pub async fn get_storefront(search: String, page: u32) -> Result<Storefront> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let search: String = search.trim().chars().take(100).collect();
    let page = page.clamp(1, 10_000);
    let power = quote::ppp_discount(&db, ClientInfo::current().country).await?;
    let mut products =
        queries::list_public(&db, &search, power.as_ref(), PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = products.len() > 24;
    products.truncate(24);
    for product in &mut products {
        product.description = markdown::first_line(&product.description);
    }
    let resume = match viewer.user_id() {
        Some(user) if page == 1 && search.is_empty() => queries::find_resume(&db, user).await?,
        _ => None,
    };
    Ok(Storefront { products, search, page, more, resume })
}

/// A product by its slug, priced for the viewer, with a `code` as it was typed. By its id, or a slug it had before, the answer is a
/// redirect to its slug.
#[server(output = Json)]
pub async fn get_product_page(slug: String, #[server(default)] code: String) -> Result<ProductPage> {
    let RequestContext { db, viewer, state } = RequestContext::current().await?;
    let there = |slug: &str| paths::with_code(&paths::product(slug), &code);
    if let Ok(id) = slug.parse::<ProductId>() {
        let slug = queries::find_slug(&db, id).await?.ok_or(Error::NotFound)?;
        let page = find(&state, &slug, &viewer, &code).await?;
        leptos_axum::redirect(&there(&slug));
        return Ok(page);
    }
    match find(&state, &slug, &viewer, &code).await {
        Err(Error::NotFound) => {
            let slug = queries::find_slug_now(&db, &slug).await?.ok_or(Error::NotFound)?;
            let page = find(&state, &slug, &viewer, &code).await?;
            leptos_axum::redirect(&there(&slug));
            Ok(page)
        }
        page => page,
    }
}

/// A page of all products for the back office. `search` is matched with name and address; `page` counts from 1. For admins.
#[server(output = Json)]
pub async fn get_products(search: String, page: u32) -> Result<ProductList> {
    const PAGE_SIZE: i64 = 25;
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let search: String = search.trim().chars().take(100).collect();
    let page = page.clamp(1, 10_000);
    let mut products = admin_queries::list(&db, &search, PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = products.len() > 25;
    products.truncate(25);
    Ok(ProductList { products, search, page, more })
}

/// A product to write, or an empty one, with the courses to choose from. For admins.
#[server(output = Json)]
pub async fn get_product_form(product: Option<ProductId>) -> Result<ProductForm> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let form = match product {
        Some(product) => admin_queries::find_form(&db, product).await?.ok_or(Error::NotFound)?,
        None => empty_form(),
    };
    Ok(ProductForm { courses: admin_queries::list_choices(&db, product).await?, ..form })
}

#[cfg(feature = "ssr")]
const fn empty_form() -> ProductForm {
    ProductForm {
        id: None,
        version: 0,
        name: String::new(),
        slug: String::new(),
        description: String::new(),
        image_url: String::new(),
        dollars: 0,
        status: ProductStatus::Private,
        purchasing_power: true,
        bought: 0,
        courses: Vec::new(),
    }
}

/// Deletes a product that nobody bought, and makes any other private. Answers which of both happened. For admins.
#[server(output = Json)]
pub async fn remove_product(product: ProductId) -> Result<Removal> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::remove(&db, admin.id, product).await
}

#[cfg(feature = "ssr")]
async fn find(state: &AppState, slug: &str, viewer: &Viewer, code: &str) -> Result<ProductPage> {
    let (mut page, item) = queries::find_page(&state.db, slug, viewer.user_id())
        .await?
        .filter(|(page, _)| policy::can_see(viewer.is_admin(), page.status))
        .ok_or(Error::NotFound)?;
    let buyer = Buyer { user: viewer.user_id(), visitor: ClientInfo::current(), code };
    let quote = quote::quote(state, item, buyer, clock::now()).await?;
    if let Some(error @ Error::RateLimited(_)) = &quote.refused {
        response::status_or_fail(error)?;
    }
    (page.price, page.code) = (quote.priced(), quote.code);
    Ok(written(page))
}

/// What was written, as it is read.
#[cfg(feature = "ssr")]
fn written(mut page: ProductPage) -> ProductPage {
    page.summary = markdown::first_line(&page.description);
    page.description = markdown::to_html(&page.description);
    for course in &mut page.courses {
        course.description = markdown::first_line(&course.description);
    }
    page
}
