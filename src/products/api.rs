//! Server functions of products: storefront, product page, and their back office.

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
    pagination::PageRequest,
    paths,
    platform::{clock, markdown, response},
    prices::quote::{self, Buyer},
    products::{ProductStatus, admin_queries, policy, queries, service},
    server::{
        http::{
            client_ip::ClientInfo,
            request_context::{AdminContext, RequestContext, extract},
        },
        state::AppState,
    },
    users::Viewer,
};

#[cfg(feature = "ssr")]
const STOREFRONT_PAGE_SIZE: u16 = 24;
#[cfg(feature = "ssr")]
const ADMIN_PAGE_SIZE: u16 = 25;
/// A longer search is cut.
#[cfg(feature = "ssr")]
const MAX_SEARCH_CHARS: usize = 100;

/// Returns a page of the storefront. `page` counts from 1; the first page without a search contains the lesson to continue with.
#[server(output = Json)]
pub async fn get_storefront(search: String, page: u32) -> Result<Storefront> {
    let RequestContext { db, viewer, .. } = extract().await?;
    let search: String = search.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let request = PageRequest::new(page, STOREFRONT_PAGE_SIZE);
    let ppp_discount = quote::ppp_discount(&db, ClientInfo::current().country).await?;
    let products = queries::list_public(&db, &search, ppp_discount.as_ref(), request.limit(), request.offset()).await?;
    let mut products = request.page(products);
    for product in &mut products.rows {
        product.description = markdown::first_line(&product.description);
    }
    let resume = match viewer.user_id() {
        Some(user) if request.number == 1 && search.is_empty() => queries::find_resume(&db, user).await?,
        _ => None,
    };
    Ok(Storefront { products, search, page: request.number, resume })
}

/// Returns a product by its slug, priced for the viewer with the coupon code that was typed. With an id, or a slug that the
/// product had before, the response is also a redirect to the URL with the current slug.
#[server(output = Json)]
pub async fn get_product_page(slug: String, #[server(default)] code: String) -> Result<ProductPage> {
    let RequestContext { db, viewer, state } = extract().await?;
    let url = |slug: &str| paths::with_code(&paths::product(slug), &code);
    if let Ok(id) = slug.parse::<ProductId>() {
        let slug = queries::find_slug(&db, id).await?.ok_or(Error::NotFound)?;
        let page = find_priced_page(&state, &slug, &viewer, &code).await?;
        leptos_axum::redirect(&url(&slug));
        return Ok(page);
    }
    match find_priced_page(&state, &slug, &viewer, &code).await {
        Err(Error::NotFound) => {
            let slug = queries::find_current_slug(&db, &slug).await?.ok_or(Error::NotFound)?;
            let page = find_priced_page(&state, &slug, &viewer, &code).await?;
            leptos_axum::redirect(&url(&slug));
            Ok(page)
        }
        page => page,
    }
}

/// Lists products of any status for admins. `search` is compared with name and slug; `page` counts from 1.
#[server(output = Json)]
pub async fn get_products(search: String, page: u32) -> Result<ProductList> {
    let AdminContext { db, .. } = extract().await?;
    let search: String = search.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let request = PageRequest::new(page, ADMIN_PAGE_SIZE);
    let products = admin_queries::list(&db, &search, request.limit(), request.offset()).await?;
    Ok(ProductList { products: request.page(products), search, page: request.number })
}

/// Returns the form of a product, or of a new one, with the courses to choose from. For admins.
#[server(output = Json)]
pub async fn get_product_form(product: Option<ProductId>) -> Result<ProductForm> {
    let AdminContext { db, .. } = extract().await?;
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

/// Deletes a product that nobody bought or may be paying for, and makes any other private. Returns which. For admins.
#[server(output = Json)]
pub async fn remove_product(product: ProductId) -> Result<Removal> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::remove(&db, admin.id, product).await
}

#[cfg(feature = "ssr")]
async fn find_priced_page(state: &AppState, slug: &str, viewer: &Viewer, code: &str) -> Result<ProductPage> {
    let (mut page, item) = queries::find_page(&state.db, slug, viewer.user_id())
        .await?
        .filter(|(page, _)| policy::can_see(viewer.is_admin(), page.status))
        .ok_or(Error::NotFound)?;
    let buyer = Buyer { user: viewer.user_id(), visitor: ClientInfo::current(), code };
    let quote = quote::quote(state, item, buyer, clock::now()).await?;
    if let Some(error @ Error::RateLimited(_)) = &quote.code_error {
        response::status_or_fail(error)?;
    }
    (page.price, page.code) = (quote.price_quote(), quote.code);
    Ok(render_markdown(page))
}

/// Renders the product's description as HTML, and shortens those of its courses.
#[cfg(feature = "ssr")]
fn render_markdown(mut page: ProductPage) -> ProductPage {
    page.summary = markdown::first_line(&page.description);
    page.description = markdown::to_html(&page.description);
    for course in &mut page.courses {
        course.description = markdown::first_line(&course.description);
    }
    page
}
