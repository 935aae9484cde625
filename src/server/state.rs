//! What every request shares.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sqlx::PgPool;

use super::{config::Config, kept::Kept, limits::Limits, school::School, visitors::Visitors};
use crate::{checkout::stripe::Stripe, mail::transport::Mailer, users::identity::Identity};

#[derive(Clone, FromRef)]
pub struct AppState {
    pub db: PgPool,
    pub config: Arc<Config>,
    pub http: reqwest::Client,
    pub stripe: Stripe,
    pub identity: Identity,
    pub mailer: Mailer,
    pub school: School,
    pub kept: Kept,
    pub limits: Limits,
    pub visitors: Visitors,
    pub leptos: LeptosOptions,
}
