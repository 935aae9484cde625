//! The state that all requests share.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::{config::LeptosOptions, prelude::AnyView};
use sqlx::PgPool;

use crate::{
    identity::authentication::Identity,
    platform::{config::Config, smtp::Mailer},
    server::{
        http::client_ip::ClientInfoResolver, page_cache::PageCache, rate_limit::RateLimits, school_cache::SchoolCache,
    },
    stripe::client::Stripe,
};

/// Renders the HTML document around every page; see `app::shell`.
pub type Shell = fn(LeptosOptions) -> AnyView;

/// State of the server: database, configuration, clients of other services, and caches.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub db: PgPool,
    pub config: Arc<Config>,
    pub http: reqwest::Client,
    pub stripe: Stripe,
    pub identity: Identity,
    pub mailer: Mailer,
    pub school: SchoolCache,
    pub page_cache: PageCache,
    pub limits: RateLimits,
    pub client_info: ClientInfoResolver,
    pub leptos: LeptosOptions,
    /// Renders the HTML document. A callback, because the route table is a layer above the server.
    pub shell: Shell,
}
