//! The command line.

use std::io::Write;

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use clap::{ArgGroup, Parser, Subcommand};
use lectern::{
    boot::{
        seed::{self, scale::sizes::Sizes},
        serve::{self, Database},
    },
    payments::reconcile,
    platform::{config::Config, environment::Environment, telemetry},
    sandbox::{config::SandboxArgs, server},
    users,
};
use sqlx::PgPool;

/// A course platform that an instructor owns.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the school.
    Serve,
    /// Bring the database up to date, and end.
    Migrate,
    /// Fill the database. It can be run twice.
    #[command(group(ArgGroup::new("what").required(true).multiple(true)))]
    Seed {
        /// With the demo school: a few courses and a year of students, two of whom can sign in.
        #[arg(long, group = "what")]
        demo: bool,
        /// With a school to measure on: 20,000 lessons, 100,000 students and 300,000 purchases. It takes a minute or two.
        #[arg(long, group = "what")]
        scale: bool,
    },
    /// Make somebody an admin, by their email address.
    GrantAdmin { email: String },
    /// Read what happened at Stripe, and repair what its webhooks missed. It can be run twice, and beside a server.
    Reconcile {
        /// How far back to read: 36h, 30d, 2w. As far as it was not read before, unless told.
        #[arg(long, value_name = "DURATION", value_parser = reconcile::length)]
        since: Option<TimeDelta>,
    },
    /// After a move to Clerk: give whoever has an account there what they had here, by the address that Clerk knows to be theirs.
    /// It can be run twice, and beside a server.
    LinkIdentities,
    /// Run a Stripe of our own: a server that speaks the part of its API that Lectern uses.
    StripeSandbox(SandboxArgs),
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let config = Config::from_env()?;
    telemetry::start(config.json_logs);
    match cli.command {
        Command::Serve => serve::serve(config).await,
        Command::Migrate => Database::open(&config).await?.close().await,
        Command::Seed { demo, scale } => {
            let production = config.environment == Environment::Production;
            ensure!(!production, "demo accounts have a known password; they do not go with LECTERN_ENV=production");
            let database = Database::open(&config).await?;
            let seeded = fill(&database.pool, demo, scale).await;
            database.close().await?;
            seeded
        }
        Command::GrantAdmin { email } => {
            let database = Database::open(&config).await?;
            let granted = users::queries::grant_admin(&database.pool, email.trim()).await;
            database.close().await?;
            if !granted? {
                bail!("nobody here has the address {email}; they sign up first");
            }
            tracing::info!("Made somebody an admin");
            Ok(())
        }
        Command::Reconcile { since } => {
            let report = serve::reconcile(config, since).await?;
            writeln!(std::io::stdout(), "{report}")?;
            ensure!(report.failed.is_empty(), "not everything could be read; what was not is read next time");
            Ok(())
        }
        Command::LinkIdentities => {
            let report = serve::link_identities(config).await?;
            writeln!(std::io::stdout(), "{report}")?;
            Ok(())
        }
        Command::StripeSandbox(args) => server::run(args, serve::stop_on_signal()?).await,
    }
}

async fn fill(db: &PgPool, demo: bool, scale: bool) -> Result<()> {
    if demo {
        seed::demo(db).await.context("fill the demo school")?;
    }
    if scale {
        seed::scale::scale(db, Sizes::FULL).await.context("fill the school at scale")?;
    }
    Ok(())
}
