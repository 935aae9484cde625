//! Route table of the sandbox: Stripe's API under `/v1`, control for programs under `/sandbox`, and pages for people.

use axum::{
    Router,
    extract::OriginalUri,
    http::{Method, StatusCode},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::sandbox::{
    api::{
        authentication, charges, checkout_sessions, control, disputes, events, fault_injection, payment_intents,
        products, refunds,
    },
    error::ApiError,
    pages::{self, dashboard, layout, payment, receipt},
    store::Sandbox,
};

/// Builds the router of the sandbox.
pub fn router(sandbox: Sandbox) -> Router {
    let pages =
        pages().nest("/sandbox", control()).fallback(page_not_found).layer(middleware::from_fn(layout::protect));
    pages.nest("/v1", api(&sandbox)).with_state(sandbox)
}

fn api(sandbox: &Sandbox) -> Router<Sandbox> {
    Router::new()
        .route("/checkout/sessions", get(checkout_sessions::list).post(checkout_sessions::create))
        .route("/checkout/sessions/{id}", get(checkout_sessions::retrieve))
        .route("/checkout/sessions/{id}/expire", post(checkout_sessions::expire))
        .route("/checkout/sessions/{id}/line_items", get(checkout_sessions::line_items))
        .route("/payment_intents", get(payment_intents::list))
        .route("/payment_intents/{id}", get(payment_intents::retrieve))
        .route("/charges", get(charges::list))
        .route("/charges/{id}", get(charges::retrieve))
        .route("/refunds", get(refunds::list).post(refunds::create))
        .route("/refunds/{id}", get(refunds::retrieve))
        .route("/disputes", get(disputes::list))
        .route("/disputes/{id}", get(disputes::retrieve).post(disputes::update))
        .route("/disputes/{id}/close", post(disputes::close))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::retrieve))
        .route("/products/{id}", get(products::retrieve_product))
        .route("/prices/{id}", get(products::retrieve_price))
        .fallback(route_not_found)
        .method_not_allowed_fallback(route_not_found)
        .layer(middleware::from_fn_with_state(sandbox.clone(), fault_injection::inject))
        .layer(middleware::from_fn_with_state(sandbox.clone(), authentication::authenticate))
}

fn control() -> Router<Sandbox> {
    Router::new()
        .route("/sessions/{id}/{action}", post(control::session))
        .route("/refunds/{id}/{action}", post(control::refund))
        .route("/disputes/{id}/{action}", post(control::dispute))
        .route("/events/{id}/send", post(control::resend_event))
        .route("/switches", get(control::faults).post(control::change_faults))
        .route("/totals", get(control::totals))
        .fallback(route_not_found)
        .method_not_allowed_fallback(route_not_found)
        .layer(middleware::from_fn(control::require_loopback))
}

fn pages() -> Router<Sandbox> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/sessions/{id}/{action}", post(dashboard::session))
        .route("/refunds/{id}/{action}", post(dashboard::refund))
        .route("/disputes/{id}/{action}", post(dashboard::dispute))
        .route("/events", get(pages::events::show))
        .route("/events/{id}/send", post(pages::events::resend))
        .route("/switches", get(pages::fault_injection::show).post(pages::fault_injection::save))
        .route("/receipts/{id}", get(receipt::show))
        .route("/pay/{id}", get(payment::show))
        .route("/pay/{id}/{button}", get(payment::redirect_to_page).post(payment::submit))
}

async fn route_not_found(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::no_route(method.as_str(), uri.path())
}

async fn page_not_found() -> Response {
    let error =
        ApiError { status: StatusCode::NOT_FOUND, ..ApiError::invalid("The sandbox has no page at this address.") };
    layout::error_page(&error).into_response()
}
