//! Start and shutdown of the sandbox: the listener, the state writer, the webhook delivery and the timer.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    clock::now,
    config::{SandboxArgs, SandboxConfig},
    router::router,
    store::Sandbox,
    webhooks,
};

/// How often overdue sessions, due refunds and expired data are looked for when no request arrives.
const TICK_INTERVAL: Duration = Duration::from_secs(1);

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
        address.set_ip(Ipv4Addr::LOCALHOST.into());
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

/// Serves the sandbox until shut down. Requests that arrived by then are answered, and their changes stored.
///
/// # Errors
/// When the state file exists but cannot be read, or the listener fails.
pub async fn serve(listener: TcpListener, config: SandboxConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let sandbox = Sandbox::open(config)?;
    let (url, webhook) = (&sandbox.config().public_url, &sandbox.config().webhook_url);
    tracing::info!(url, webhook, "The Stripe sandbox listens on {url} and sends its events to {webhook}.");

    // The writer outlives the other tasks, so that their last changes reach the disk.
    let tasks_done = CancellationToken::new();
    let writer = tokio::spawn(sandbox.clone().run_state_writer(tasks_done.clone()));
    let delivery = tokio::spawn(sandbox.clone().run_webhook_delivery(webhooks::client()?, shutdown.clone()));
    let timer = tokio::spawn(run_timer(sandbox.clone(), shutdown.clone()));

    // Nagle's algorithm would hold small answers back for the client's delayed acknowledgement.
    let listener = listener.tap_io(|tcp| {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY was not set: {error}.");
        }
    });
    let app = router(sandbox).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned()).await;
    shutdown.cancel();
    delivery.await?;
    timer.await?;
    tasks_done.cancel();
    writer.await?;
    served.context("serve the sandbox")
}

/// Applies the changes that come with time, also while no request arrives.
async fn run_timer(sandbox: Sandbox, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(TICK_INTERVAL) => {}
        }
        sandbox.tick(now());
    }
}
