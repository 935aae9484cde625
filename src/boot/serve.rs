//! Starts the server and everything beside it, and stops them in the opposite order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use leptos::config::get_configuration;
use sqlx::PgPool;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    boot::{jobs, router, seed},
    identity::{
        authentication::Identity,
        clerk::{backend::Backend, link_identities},
        local,
    },
    mail::outbox,
    paths,
    payments::reconcile::Report,
    platform::{
        config::Config,
        environment::Environment,
        http_client, listener,
        postgres::{self, embedded::EmbeddedPostgres},
        smtp::Mailer,
    },
    sandbox::{self, SandboxConfig},
    server::{
        http::client_ip::ClientInfoResolver,
        page_cache::{PageCache, invalidation},
        rate_limit::RateLimits,
        school_cache::SchoolCache,
        state::AppState,
    },
    stripe::client::Stripe,
};

/// A connection pool, and the embedded PostgreSQL behind it where no `DATABASE_URL` is configured.
pub struct Database {
    pub pool: PgPool,
    embedded: Option<EmbeddedPostgres>,
}

impl Database {
    /// Connects to `DATABASE_URL`, or starts the embedded PostgreSQL, and runs pending migrations.
    ///
    /// # Errors
    /// When no database can be reached or started, with what to do about it.
    pub async fn open(config: &Config) -> Result<Self> {
        let (url, embedded) = if let Some(url) = &config.database_url {
            (url.clone(), None)
        } else {
            let embedded = EmbeddedPostgres::start(&config.data_dir).await?;
            (embedded.url(), Some(embedded))
        };
        let pool = postgres::connect(&url, config.database_connections).await?;
        postgres::migrate(&pool).await?;
        Ok(Self { pool, embedded })
    }

    /// Closes the pool and stops the embedded PostgreSQL.
    ///
    /// # Errors
    /// When the embedded PostgreSQL does not stop.
    pub async fn close(self) -> Result<()> {
        self.pool.close().await;
        match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        }
    }
}

/// Runs the school until SIGINT or SIGTERM.
///
/// # Errors
/// What prevents it from starting or from stopping in order.
pub async fn serve(config: Config) -> Result<()> {
    let stop = stop_on_signal()?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listen on {}", config.listen))?;
    let database = Database::open(&config).await?;
    if config.seed_demo {
        seed::demo(&database.pool).await.context("fill the demo school")?;
    }
    let mut tasks = JoinSet::new();
    if let Some(address) = config.stripe.sandbox {
        spawn_sandbox(&mut tasks, &config, address, &stop).await?;
    }
    let state = open_state(&database.pool, config).await?;
    spawn_tasks(&mut tasks, &state, &stop);
    warn_about_defaults(&state);
    tracing::info!(address = state.config.url, "The school is open");
    listener::serve(listener, router::router(state), listener::Timeouts::default(), stop.clone()).await;
    stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.context("a background task panicked")??;
    }
    database.close().await?;
    tracing::info!("The school is closed");
    Ok(())
}

/// Runs the Stripe sandbox beside the server, on a port of its own.
async fn spawn_sandbox(
    tasks: &mut JoinSet<Result<()>>,
    config: &Config,
    address: SocketAddr,
    stop: &CancellationToken,
) -> Result<()> {
    let sandbox = SandboxConfig {
        public_url: format!("http://{address}"),
        webhook_url: format!("http://{}{}", config.listen, paths::STRIPE_WEBHOOK),
        webhook_secret: config.stripe.webhook_secret.clone(),
        secret_key: config.stripe.secret_key.clone(),
        state_file: Some(config.data_dir.join("sandbox.json")),
    };
    let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address} for the sandbox"))?;
    tasks.spawn(sandbox::serve(listener, sandbox, stop.clone()));
    tracing::info!(
        address = format!("http://{address}"),
        "Started the payment sandbox, because no Stripe account is configured. No money moves"
    );
    Ok(())
}

/// Everything that runs beside requests: cache invalidation, the outbox, the jobs.
fn spawn_tasks(tasks: &mut JoinSet<Result<()>>, state: &AppState, stop: &CancellationToken) {
    jobs::spawn(tasks, state, stop);
    let (invalidating, sending) = (state.clone(), state.clone());
    let (stop_invalidating, stop_sending) = (stop.clone(), stop.clone());
    tasks.spawn(async move {
        invalidation::follow(invalidating, stop_invalidating).await;
        Ok(())
    });
    tasks.spawn(async move {
        outbox::run(sending, stop_sending).await;
        Ok(())
    });
    tasks.spawn(async { tokio::task::spawn_blocking(local::prepare).await.context("prepare for passwords") });
}

/// Logs what an operator may have forgotten to configure.
fn warn_about_defaults(state: &AppState) {
    if state.config.environment == Environment::Production && state.config.client_ip.trusted_proxies.is_empty() {
        tracing::warn!(
            "TRUSTED_PROXIES is not set: behind a proxy all requests seem to come from one address and share its rate limits"
        );
    }
    if !state.mailer.is_configured() {
        tracing::info!("No mail server is configured: mail stays in the outbox, at {}", paths::ADMIN_OUTBOX);
    }
}

async fn open_state(db: &PgPool, config: Config) -> Result<AppState> {
    let http = http_client::new()?;
    Ok(AppState {
        stripe: Stripe::new(&config.stripe)?,
        identity: Identity::new(&config, &http)?,
        http,
        mailer: Mailer::new(config.smtp.as_ref(), &config.url)?,
        school: SchoolCache::load(db).await?,
        page_cache: PageCache::default(),
        limits: RateLimits::new(&config.capacity),
        client_info: ClientInfoResolver::new(&config.client_ip)?,
        shell: crate::app::shell,
        leptos: get_configuration(None).context("read Leptos' settings")?.leptos_options,
        db: db.clone(),
        config: Arc::new(config),
    })
}

/// Runs `lectern reconcile`: reads Stripe's lists and applies what webhooks missed. A server may run at the same time; while it
/// reconciles, this waits for up to a minute.
///
/// # Errors
/// When the database cannot be reached, or another server reconciles for longer.
pub async fn reconcile(config: Config, since: Option<TimeDelta>) -> Result<Report> {
    let database = Database::open(&config).await?;
    let state = open_state(&database.pool, config).await?;
    let report = reconcile_when_free(&state, since).await;
    database.close().await?;
    report
}

async fn reconcile_when_free(state: &AppState, since: Option<TimeDelta>) -> Result<Report> {
    for _ in 0..120 {
        if let Some(report) = jobs::reconcile_once(state, since).await.context("reconcile")? {
            return Ok(report);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("another server has been reconciling for a minute; try again later")
}

/// Runs `lectern link-identities`: links local accounts to the Clerk accounts with the same confirmed address. A server may run at
/// the same time.
///
/// # Errors
/// When Clerk is not configured, or does not answer.
pub async fn link_identities(config: Config) -> Result<link_identities::Report> {
    let Some(clerk) = &config.clerk else {
        bail!("set CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY: there is nothing to link to")
    };
    let database = Database::open(&config).await?;
    let report =
        link_identities::link(&database.pool, &Backend::new(clerk, http_client::new()?), config.admin_email.as_deref())
            .await;
    database.close().await?;
    report
}

/// Returns a token that SIGINT and SIGTERM cancel.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn stop_on_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("Received a signal to stop");
        token.cancel();
    });
    Ok(stop)
}
