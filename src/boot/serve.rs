//! Serving: everything is started here, and ended in the opposite order.

use std::{sync::Arc, time::Duration};

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
    sandbox::{config::SandboxConfig, server},
    server::{
        http::client_ip::ClientInfoResolver,
        page_cache::{PageCache, invalidation},
        rate_limit::RateLimits,
        school_cache::School,
        state::AppState,
    },
    stripe::client::Stripe,
};

/// A database to work on, and the private cluster behind it where there is one.
pub struct Database {
    pub pool: PgPool,
    cluster: Option<EmbeddedPostgres>,
}

impl Database {
    /// Connects, starting the private cluster where no address is configured, and brings the schema up to date.
    ///
    /// # Errors
    /// When there is no database to be had, with what to do about it.
    pub async fn open(config: &Config) -> Result<Self> {
        let (url, cluster) = if let Some(url) = &config.database_url {
            (url.clone(), None)
        } else {
            let cluster = EmbeddedPostgres::start(&config.data_dir).await?;
            (cluster.url(), Some(cluster))
        };
        let pool = postgres::connect(&url, config.database_connections).await?;
        postgres::migrate(&pool).await?;
        Ok(Self { pool, cluster })
    }

    /// # Errors
    /// When the private cluster does not stop.
    pub async fn close(self) -> Result<()> {
        self.pool.close().await;
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}

/// Runs the school until SIGINT or SIGTERM.
///
/// # Errors
/// What keeps it from starting, or from ending well.
pub async fn serve(config: Config) -> Result<()> {
    let stop = stop_on_signal()?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listen on {}", config.listen))?;
    let database = Database::open(&config).await?;
    let db = database.pool.clone();
    if config.seed_demo {
        seed::demo(&db).await.context("fill the demo school")?;
    }
    let mut beside = JoinSet::new();
    if let Some(listen) = config.stripe.sandbox {
        let sandbox = SandboxConfig {
            public_url: format!("http://{listen}"),
            webhook_url: format!("http://{}{}", config.listen, paths::STRIPE_WEBHOOK),
            webhook_secret: config.stripe.webhook_secret.clone(),
            secret_key: config.stripe.secret_key.clone(),
            state_file: Some(config.data_dir.join("sandbox.json")),
        };
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("listen on {listen} for the sandbox"))?;
        let stop = stop.clone();
        beside.spawn(async move { server::serve(listener, sandbox, stop).await });
        tracing::info!(
            address = format!("http://{listen}"),
            "No Stripe account is configured: the payment sandbox runs. No money moves"
        );
    }
    let state = open_state(&db, config).await?;
    let (changing, follows, sweeps) = (state.clone(), stop.clone(), stop.clone());
    beside.spawn(async move {
        invalidation::follow(changing, follows).await;
        Ok(())
    });
    let (limits, forgets) = (state.limits.clone(), stop.clone());
    beside.spawn(async move {
        jobs::purge_expired(limits, forgets).await;
        Ok(())
    });
    beside.spawn(async move {
        jobs::delete_orphans(db, sweeps).await;
        Ok(())
    });
    let (pricing, ends) = (state.clone(), stop.clone());
    beside.spawn(async move {
        jobs::prices(pricing, ends).await;
        Ok(())
    });
    let (refunding, stops) = (state.clone(), stop.clone());
    beside.spawn(async move {
        jobs::refunds(refunding, stops).await;
        Ok(())
    });
    let (reconciling, stops) = (state.clone(), stop.clone());
    beside.spawn(async move {
        jobs::reconcile(reconciling, stops).await;
        Ok(())
    });
    let (sending, stops) = (state.clone(), stop.clone());
    beside.spawn(async move {
        outbox::send(sending, stops).await;
        Ok(())
    });
    beside.spawn(async { tokio::task::spawn_blocking(local::prepare).await.context("prepare for passwords") });
    if state.config.environment == Environment::Production && state.config.client_ip.trusted_proxies.is_empty() {
        tracing::warn!(
            "TRUSTED_PROXIES is not set: behind a proxy everybody seems to come from one address, and shares its limits"
        );
    }
    if !state.mailer.sends() {
        tracing::info!("No mail server is configured: mail stays in the outbox, at {}", paths::ADMIN_OUTBOX);
    }
    let (telling, stops) = (state.clone(), stop.clone());
    beside.spawn(async move {
        jobs::sync_clerk_metadata(telling, stops).await;
        Ok(())
    });
    tracing::info!(address = state.config.url, "The school is open");
    listener::serve(listener, router::router(state), listener::Timeouts::default(), stop.clone()).await;
    stop.cancel();
    while let Some(ended) = beside.join_next().await {
        ended.context("a task died")??;
    }
    database.close().await?;
    tracing::info!("The school is closed");
    Ok(())
}

async fn open_state(db: &PgPool, config: Config) -> Result<AppState> {
    let http = http_client::new()?;
    Ok(AppState {
        stripe: Stripe::new(&config.stripe)?,
        identity: Identity::new(&config, &http)?,
        http,
        mailer: Mailer::new(config.smtp.as_ref(), &config.url)?,
        school: School::load(db).await?,
        page_cache: PageCache::default(),
        limits: RateLimits::new(&config.capacity),
        client_info: ClientInfoResolver::new(&config.client_ip)?,
        shell: crate::app::shell,
        leptos: get_configuration(None).context("read Leptos' settings")?.leptos_options,
        db: db.clone(),
        config: Arc::new(config),
    })
}

/// Runs `lectern reconcile`: reads Stripe's lists, and repairs what webhooks missed. A server may run beside it; when one
/// reconciles just now, it is waited for.
///
/// # Errors
/// When the database is away, or another server does not stop reconciling.
pub async fn reconcile(config: Config, since: Option<TimeDelta>) -> Result<Report> {
    let database = Database::open(&config).await?;
    let state = open_state(&database.pool, config).await?;
    let report = take_turn(&state, since).await;
    database.close().await?;
    report
}

async fn take_turn(state: &AppState, since: Option<TimeDelta>) -> Result<Report> {
    for _ in 0..120 {
        if let Some(report) = jobs::reconcile_once(state, since).await.context("reconcile")? {
            return Ok(report);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("another server has been reconciling for a minute; try again later")
}

/// Runs `lectern link-identities`: whoever has an account at Clerk keeps what they had here before. A server may run beside it.
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

/// Is cancelled by SIGINT or SIGTERM.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_on_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("Told to stop");
        token.cancel();
    });
    Ok(stop)
}
