//! The forms of an account, one file for each page. They are plain posts to the page's own URL, which work without JavaScript.

pub mod data_export;
pub mod delete;
pub mod link;
pub mod recover;
pub mod settings;
pub mod sign_in;
pub mod theme;

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::{
    identity::authentication::Identity,
    paths,
    platform::{environment::Environment, response},
    server::state::AppState,
};

/// Middleware of the forms that exist only for local accounts. With Clerk, it redirects to the account page.
pub async fn local_only(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.identity {
        Identity::Local { .. } => next.run(request).await,
        Identity::Clerk(_) => response::see_other(paths::ACCOUNT),
    }
}

/// Returns whether a page may show the link of a mail: only on a development server without a mail server, to a client on the same
/// machine.
fn shows_links(state: &AppState, from: Option<IpAddr>) -> bool {
    state.config.environment == Environment::Development
        && !state.mailer.is_configured()
        && state.config.is_local()
        && from.is_some_and(|from| from.to_canonical().is_loopback())
}
