//! HTTP router: routes, and the middleware that a request passes.
//!
//! Routes that are neither pages nor server functions are lists, so that the authorization tests find each of them.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode, header::CONTENT_TYPE};
use leptos::prelude::provide_context;
use leptos_axum::{ErrorHandler, LeptosRoutes, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    services::ServeDir,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use crate::{
    account::{self, clerk_webhook},
    app::{App, shell},
    authoring::courses,
    boot::health,
    checkout, coupons, mail, paths,
    payments::webhook,
    pictures,
    platform::{request_id, response, telemetry},
    prices, products, purchases,
    sales::csv_export,
    school,
    server::{
        http::{client_ip, request_context, security_headers},
        page_cache,
        rate_limit::{body_size, load_shedding},
        state::AppState,
    },
};

/// How long a response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

type Addresses = Vec<(&'static str, MethodRouter<AppState>)>;

/// Form posts of pages.
pub fn forms() -> Addresses {
    vec![
        (paths::SIGN_UP, post(account::handlers::sign_in::sign_up)),
        (paths::SIGN_IN, post(account::handlers::sign_in::sign_in)),
        (paths::SIGN_OUT, post(account::handlers::sign_in::sign_out)),
        (paths::THEME, post(account::handlers::theme::set_theme)),
        ("/products/{slug}/purchase", post(checkout::handlers::start)),
        (paths::ADMIN_NEW_COURSE, post(courses::handlers::create)),
        ("/admin/courses/{course}/edit", post(courses::handlers::update)),
        (paths::ADMIN_PRICING, post(prices::handlers::update)),
        (paths::ADMIN_NEW_COUPON, post(coupons::handlers::create)),
        ("/admin/coupons/{coupon}/edit", post(coupons::handlers::update)),
        ("/admin/outbox/{mail}", post(mail::handlers::resend)),
        (paths::ADMIN_SCHOOL, post(school::handlers::update)),
    ]
}

/// Form posts of local accounts. Where accounts are Clerk's, these routes redirect to the account page.
pub fn accounts() -> Addresses {
    vec![
        (paths::FORGOT_PASSWORD, post(account::handlers::recover::forgot_password)),
        (paths::SIGN_IN_LINK, post(account::handlers::recover::request_sign_in_link)),
        (paths::ACCOUNT, post(account::handlers::settings::account)),
        (paths::ACCOUNT_LINK, post(account::handlers::link::use_link)),
        (paths::ACCOUNT_PASSWORD, post(account::handlers::settings::change_password)),
        (paths::ACCOUNT_ADDRESS, post(account::handlers::settings::change_address)),
        (paths::ACCOUNT_DELETE, post(account::handlers::delete::delete)),
    ]
}

/// Form posts that may carry a file. They read the body in pieces up to a limit and have a longer timeout, for slow connections.
pub fn uploads() -> Addresses {
    vec![
        (paths::ADMIN_NEW_PRODUCT, post(products::handlers::create)),
        ("/admin/products/{product}/edit", post(products::handlers::update)),
    ]
}

/// Downloads that depend on the viewer.
pub fn files() -> Addresses {
    vec![
        (paths::ADMIN_SALES_CSV, get(csv_export::download)),
        ("/purchases/{purchase}/receipt.pdf", get(purchases::handlers::receipt)),
        ("/purchases/{purchase}/stripe-receipt", get(purchases::handlers::stripe_receipt)),
        (paths::ACCOUNT_DATA, get(account::handlers::data_export::download)),
        (paths::LINK, get(account::handlers::link::open)),
    ]
}

/// Routes that are the same for everyone and need no authentication.
pub fn open() -> Addresses {
    vec![
        ("/pictures/{hash}/{file}", get(pictures::handlers::show)),
        ("/healthz", get(health::healthz)),
        ("/readyz", get(health::readyz)),
        ("/robots.txt", get(robots)),
        ("/sitemap.xml", get(sitemap)),
        (paths::SECURITY_TXT, get(security_headers::security_txt)),
    ]
}

/// Signed webhooks.
pub fn webhooks() -> Addresses {
    vec![(paths::STRIPE_WEBHOOK, post(webhook::receive)), (paths::CLERK_WEBHOOK, post(clerk_webhook::receive))]
}

fn add(router: Router<AppState>, addresses: Addresses) -> Router<AppState> {
    addresses.into_iter().fold(router, |router, (path, method)| router.route(path, method))
}

pub fn router(state: AppState) -> Router {
    let options = state.leptos.clone();
    let pages = generate_route_list(App);
    let local_only = middleware::from_fn_with_state(state.clone(), account::handlers::local_only);
    let personal = add(add(add(Router::new(), accounts()).route_layer(local_only), forms()), files())
        .leptos_routes(&state, pages, move || shell(options.clone()))
        .layer(middleware::from_fn_with_state(state.clone(), request_context::identify))
        .layer(middleware::from_fn_with_state(state.clone(), page_cache::serve_or_store));
    let uploads = add(Router::new(), uploads())
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state.clone(), request_context::identify))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, RESPONSE_TIMEOUT * 10));
    add(add(personal, open()), webhooks())
        .fallback_service(files_of_site(&state))
        .layer(middleware::from_fn(body_size::limit))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, RESPONSE_TIMEOUT))
        .merge(uploads)
        .layer(
            ServiceBuilder::new()
                .map_request(request_id::remove_from_client)
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(
                    TraceLayer::new_for_http()
                        .make_span_with(telemetry::span)
                        .on_response(telemetry::log_response)
                        .on_request(()),
                )
                .layer(security_headers::fixed_headers(state.config.is_https()))
                .layer(middleware::from_fn_with_state(state.clone(), security_headers::headers))
                .layer(middleware::from_fn(request_id::fill_error_body))
                .layer(CatchPanicLayer::custom(request_id::panicked))
                .layer(middleware::from_fn(security_headers::same_site))
                .layer(middleware::from_fn_with_state(state.clone(), client_ip::resolve))
                .layer(middleware::from_fn_with_state(state.clone(), load_shedding::admit))
                .layer(CompressionLayer::new().quality(CompressionLevel::Fastest)),
        )
        .with_state(state)
}

/// Serves the static files of the site, and the 404 page for paths that are none.
///
/// Not `leptos_axum::file_and_error_handler`: it takes the response options of whatever page is rendered on the same thread, so that a
/// file would get that page's redirect and the page would lose it.
fn files_of_site(state: &AppState) -> ServeDir<Router> {
    let context = state.clone();
    let nothing = ErrorHandler::new_with_context(move || provide_context(context.clone()), shell, state.leptos.clone());
    let nothing = Router::new()
        .fallback_service(nothing)
        .layer(middleware::from_fn_with_state(state.clone(), request_context::identify))
        .layer(middleware::from_fn(without_slash));
    ServeDir::new(&*state.leptos.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(nothing)
}

/// Redirects a path that ends with a slash to the one without.
async fn without_slash(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let path = uri.path().trim_end_matches('/');
    if path.is_empty() || path == uri.path() || *request.method() != Method::GET {
        return next.run(request).await;
    }
    response::see_other(paths::safe_redirect(
        &uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
    ))
}

async fn robots(State(state): State<AppState>) -> String {
    let url = &state.config.url;
    format!("User-agent: *\nDisallow: /admin\nDisallow: /api/\nDisallow: /account\nSitemap: {url}/sitemap.xml\n")
}

/// Sitemap of the storefront and the public products. <https://www.sitemaps.org/protocol.html> allows 50,000 addresses.
async fn sitemap(State(state): State<AppState>) -> Response {
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
