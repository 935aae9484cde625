//! A Stripe of our own.
//!
//! `lectern stripe-sandbox` is a small server that speaks the part of Stripe's API that a shop with hosted checkout uses
//! (<https://docs.stripe.com/api>), shows the payment page, and sends signed webhooks. The same client talks to it and to Stripe;
//! only the address differs. No money moves and no card is asked for.
//!
//! The endpoints of the [`api`] read requests in Stripe's [`form_encoding`], [`operations`] change the objects of the [`model`] and
//! record events, and [`webhooks`] deliver these. [`pages`] are for people. [`store`] holds all objects, in [`table`]s.

pub mod api;
pub mod error;
pub mod form_encoding;
pub mod model;
pub mod operations;
pub mod pages;
pub mod store;
pub mod table;
#[cfg(test)]
mod tests;
pub mod webhooks;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use axum::{
    Router,
    extract::OriginalUri,
    http::{Method, StatusCode},
    middleware,
    response::IntoResponse,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use api::{cart, checkout_sessions, control, request};
use error::ApiError;
use model::{fault_injection, payment};
use operations::{disputes, events, refunds};
use pages::{dashboard, layout, receipt};
use store::{Sandbox, now};

/// How the sandbox is told to run.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where browsers find it, such as `http://127.0.0.1:12111`.
    pub public_url: String,
    /// Where signed events go.
    pub webhook_url: String,
    /// What they are signed with.
    pub webhook_secret: String,
    /// What callers of the API must show.
    pub secret_key: String,
    /// Where the state is kept; without it, it ends with the process.
    pub state_file: Option<PathBuf>,
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { public_url, webhook_url, state_file, .. } = self;
        f.debug_struct("SandboxConfig")
            .field("public_url", public_url)
            .field("webhook_url", webhook_url)
            .field("state_file", state_file)
            .finish_non_exhaustive()
    }
}

/// The flags of `lectern stripe-sandbox`.
#[derive(Clone, clap::Args)]
pub struct SandboxArgs {
    /// Address to listen on
    #[arg(long, env = "STRIPE_SANDBOX_LISTEN", default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,
    /// Address that browsers use, when it is not the one listened on
    #[arg(long, env = "STRIPE_SANDBOX_URL")]
    pub public_url: Option<String>,
    /// Where signed events are sent
    #[arg(long, env = "STRIPE_SANDBOX_WEBHOOK_URL", default_value = "http://127.0.0.1:3000/api/webhooks/stripe")]
    pub webhook_url: String,
    /// What events are signed with
    #[arg(long, env = "STRIPE_SANDBOX_WEBHOOK_SECRET", default_value = "whsec_sandbox", hide_env_values = true)]
    pub webhook_secret: String,
    /// Key that callers must show
    #[arg(long, env = "STRIPE_SANDBOX_SECRET_KEY", default_value = "sk_test_sandbox", hide_env_values = true)]
    pub secret_key: String,
    /// File that keeps the sessions over a restart
    #[arg(long, env = "STRIPE_SANDBOX_STATE_FILE")]
    pub state_file: Option<PathBuf>,
    /// The kind of installation: the sandbox does not start in `production`
    #[arg(long = "sandbox-env", env = "LECTERN_ENV", hide = true)]
    pub sandbox_env: Option<String>,
}

/// Runs `lectern stripe-sandbox` until shut down.
///
/// # Errors
/// In production, when the address cannot be listened on, or when the state file cannot be read.
pub async fn run(args: SandboxArgs, shutdown: CancellationToken) -> anyhow::Result<()> {
    if args.sandbox_env.as_deref() == Some("production") {
        bail!("the Stripe sandbox does not start with LECTERN_ENV=production: set STRIPE_SECRET_KEY and use Stripe");
    }
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("listen on {}", args.listen))?;
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let config = SandboxConfig {
        public_url: args.public_url.unwrap_or_else(|| format!("http://{address}")),
        webhook_url: args.webhook_url,
        webhook_secret: args.webhook_secret,
        secret_key: args.secret_key,
        state_file: args.state_file,
    };
    serve(listener, config, shutdown).await
}

/// Serves the sandbox until shut down; what it was asked by then is answered and stored.
///
/// # Errors
/// When the state file is there but cannot be read, or the listener fails.
pub async fn serve(listener: TcpListener, config: SandboxConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let sandbox = Sandbox::open(config)?;
    let (url, webhook) = (&sandbox.config().public_url, &sandbox.config().webhook_url);
    tracing::info!(url, webhook, "The Stripe sandbox is at {url} and sends its events to {webhook}.");

    // The writer outlives the others, so that what they did last is on disk.
    let done = CancellationToken::new();
    let writer = tokio::spawn(sandbox.clone().keep_stored(done.clone()));
    let courier = tokio::spawn(sandbox.clone().keep_delivering(webhooks::client()?, shutdown.clone()));
    let clock = tokio::spawn(keep_time(sandbox.clone(), shutdown.clone()));

    // Nagle's algorithm would hold small answers back for the client's delayed acknowledgement.
    let listener = listener.tap_io(|tcp| {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY was not set: {error}.");
        }
    });
    let app = router(sandbox);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned()).await;
    shutdown.cancel();
    courier.await?;
    clock.await?;
    done.cancel();
    writer.await?;
    served.context("serve the sandbox")
}

/// Does what time brings when nobody looks.
async fn keep_time(sandbox: Sandbox, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        sandbox.tick(now());
    }
}

/// Every address of the sandbox.
pub fn router(sandbox: Sandbox) -> Router {
    let api = Router::new()
        .route("/checkout/sessions", get(checkout_sessions::list).post(checkout_sessions::create))
        .route("/checkout/sessions/{id}", get(checkout_sessions::retrieve))
        .route("/checkout/sessions/{id}/expire", post(checkout_sessions::expire))
        .route("/checkout/sessions/{id}/line_items", get(checkout_sessions::line_items))
        .route("/payment_intents", get(payment::intents))
        .route("/payment_intents/{id}", get(payment::intent))
        .route("/charges", get(payment::charges))
        .route("/charges/{id}", get(payment::charge))
        .route("/refunds", get(refunds::list).post(refunds::create))
        .route("/refunds/{id}", get(refunds::retrieve))
        .route("/disputes", get(disputes::list))
        .route("/disputes/{id}", get(disputes::retrieve).post(disputes::update))
        .route("/disputes/{id}/close", post(disputes::close))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::retrieve))
        .route("/products/{id}", get(cart::product))
        .route("/prices/{id}", get(cart::price))
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        .layer(middleware::from_fn_with_state(sandbox.clone(), fault_injection::trouble))
        .layer(middleware::from_fn_with_state(sandbox.clone(), request::guard));
    let control = Router::new()
        .route("/sessions/{id}/{act}", post(control::session))
        .route("/refunds/{id}/{act}", post(control::refund))
        .route("/disputes/{id}/{act}", post(control::dispute))
        .route("/events/{id}/send", post(control::send))
        .route("/switches", get(control::switches).post(control::turn))
        .route("/totals", get(control::totals))
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        .layer(middleware::from_fn(control::only_here));
    let pages = Router::new()
        .route("/", get(dashboard::show))
        .route("/sessions/{id}/{act}", post(dashboard::press))
        .route("/refunds/{id}/{act}", post(dashboard::end_refund))
        .route("/disputes/{id}/{act}", post(dashboard::go_on_with_dispute))
        .route("/events", get(pages::events::show))
        .route("/events/{id}/send", post(pages::events::send))
        .route("/switches", get(pages::events::switches).post(pages::events::turn))
        .route("/receipts/{id}", get(receipt::show))
        .nest("/sandbox", control)
        .route("/pay/{id}", get(pages::payment::show))
        .route("/pay/{id}/{button}", get(pages::payment::back).post(pages::payment::press))
        .fallback(no_page)
        .layer(middleware::from_fn(layout::protect));
    pages.nest("/v1", api).with_state(sandbox)
}

async fn no_route(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::no_route(method.as_str(), uri.path())
}

async fn no_page() -> axum::response::Response {
    let error =
        ApiError { status: StatusCode::NOT_FOUND, ..ApiError::invalid("There is no such page in the sandbox.") };
    layout::failed(&error).into_response()
}

/// An amount for people: `$60.00`, `60.00 EUR`, `60 JPY`.
pub fn money(amount: i64, currency: &str) -> String {
    let (sign, size) = (if amount < 0 { "−" } else { "" }, amount.unsigned_abs());
    match currency {
        "usd" => format!("{sign}${}.{:02}", size / 100, size % 100),
        "jpy" | "krw" => format!("{sign}{size} {}", currency.to_ascii_uppercase()),
        _ => format!("{sign}{}.{:02} {}", size / 100, size % 100, currency.to_ascii_uppercase()),
    }
}
