//! Every address, and what a request passes on its way there.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use http::{StatusCode, header::CONTENT_TYPE};
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use super::{call, health, kept, page, security, state::AppState, telemetry, visitors};
use crate::{
    app::{App, shell},
    checkout, coupons, courses, mail, paths, pictures, prices, products, purchases, school,
    users::{self, account},
};

/// The largest body that anyone may send, in bytes. Webhooks and forms set themselves smaller limits.
const BODY: usize = 1024 * 1024;
/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn router(state: AppState) -> Router {
    let options = state.leptos.clone();
    let pages = generate_route_list(App);
    Router::new()
        .route(paths::SIGN_UP, post(users::forms::sign_up))
        .route(paths::SIGN_IN, post(users::forms::sign_in))
        .route(paths::SIGN_OUT, post(users::forms::sign_out))
        .merge(accounts(&state))
        .route(paths::ACCOUNT_DATA, get(account::forms::download))
        .route(paths::THEME, post(users::forms::theme))
        .route("/products/{slug}/purchase", post(checkout::start::start))
        .route(paths::ADMIN_NEW_COURSE, post(courses::forms::create))
        .route("/admin/courses/{course}/edit", post(courses::forms::update))
        .route(paths::ADMIN_PRICING, post(prices::forms::save))
        .route(paths::ADMIN_NEW_COUPON, post(coupons::forms::create))
        .route("/admin/coupons/{coupon}/edit", post(coupons::forms::update))
        .route("/admin/outbox/{mail}", post(mail::forms::send_again))
        .route(paths::ADMIN_SCHOOL, post(school::forms::save))
        .route(paths::ADMIN_SALES_CSV, get(purchases::export::download))
        .route("/purchases/{purchase}/receipt.pdf", get(purchases::download::receipt))
        .route("/purchases/{purchase}/stripe-receipt", get(purchases::download::stripe_receipt))
        .leptos_routes(&state, pages, move || shell(options.clone()))
        .fallback(leptos_axum::file_and_error_handler::<AppState, _>(shell))
        .layer(middleware::from_fn_with_state(state.clone(), call::identify))
        .layer(middleware::from_fn_with_state(state.clone(), kept::keep))
        .route(paths::STRIPE_WEBHOOK, post(checkout::webhook::receive))
        .route(paths::CLERK_WEBHOOK, post(users::clerk::webhook::receive))
        .route("/pictures/{hash}/{file}", get(pictures::serve::show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .merge(uploads(&state))
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(
                    TraceLayer::new_for_http()
                        .make_span_with(telemetry::span)
                        .on_response(telemetry::answered)
                        .on_request(()),
                )
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(CatchPanicLayer::custom(page::panicked))
                .layer(middleware::from_fn(security::headers))
                .layer(middleware::from_fn(security::same_site))
                .layer(middleware::from_fn_with_state(state.clone(), visitors::find))
                .layer(CompressionLayer::new().quality(CompressionLevel::Fastest)),
        )
        .with_state(state)
}

/// What somebody does with an account of ours. Where accounts are elsewhere, so is this.
fn accounts(state: &AppState) -> Router<AppState> {
    Router::new()
        .route(paths::FORGOT, post(account::forms::forgot))
        .route(paths::SIGN_IN_LINK, post(account::forms::sign_in_link))
        .route(paths::LINK, get(account::forms::open))
        .route(paths::ACCOUNT, post(account::forms::account))
        .route(paths::ACCOUNT_LINK, post(account::forms::use_link))
        .route(paths::ACCOUNT_PASSWORD, post(account::forms::password))
        .route(paths::ACCOUNT_ADDRESS, post(account::forms::address))
        .route(paths::ACCOUNT_DELETE, post(account::forms::delete))
        .route_layer(middleware::from_fn_with_state(state.clone(), account::forms::here_only))
}

/// Forms that carry a file. They read it in pieces and stop where it is too much, and a slow line has its time.
fn uploads(state: &AppState) -> Router<AppState> {
    Router::new()
        .route(paths::ADMIN_NEW_PRODUCT, post(products::write::create))
        .route("/admin/products/{product}/edit", post(products::write::change))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state.clone(), call::identify))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE * 10))
}

async fn robots(State(state): State<AppState>) -> String {
    let url = &state.config.url;
    format!("User-agent: *\nDisallow: /admin\nDisallow: /api/\nDisallow: /account\nSitemap: {url}/sitemap.xml\n")
}

/// Public products and the storefront. <https://www.sitemaps.org/protocol.html> allows 50,000 addresses.
async fn sitemap(State(state): State<AppState>) -> axum::response::Response {
    let slugs = match products::queries::list_public_slugs(&state.db, 49_999).await {
        Ok(slugs) => slugs,
        Err(error) => {
            tracing::error!(%error, "Could not list products for the sitemap");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let url = &state.config.url;
    let products = slugs.iter().map(|slug| format!("<url><loc>{url}{}</loc></url>", paths::product(slug)));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
         <url><loc>{url}/</loc></url>{}</urlset>\n",
        products.collect::<String>()
    );
    ([(CONTENT_TYPE, "application/xml")], body).into_response()
}
