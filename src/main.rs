//! Command line: parses the arguments and runs the command.

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
    sandbox::{self, SandboxArgs},
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
    /// Run pending migrations and exit.
    Migrate,
    /// Insert sample data. Running it again changes nothing.
    #[command(group(ArgGroup::new("what").required(true).multiple(true)))]
    Seed {
        /// The demo school: a few courses and a year of sales, with two accounts that can sign in.
        #[arg(long, group = "what")]
        demo: bool,
        /// A school for measurements: 20,000 lessons, 100,000 students and 300,000 purchases. Takes one or two minutes.
        #[arg(long, group = "what")]
        scale: bool,
    },
    /// Make the user with this email address an admin.
    GrantAdmin { email: String },
    /// Read payments and refunds from Stripe and apply what its webhooks missed. Can be repeated, and run beside a server.
    Reconcile {
        /// How far back to read (36h, 30d, 2w). Default: since the last run.
        #[arg(long, value_name = "DURATION", value_parser = reconcile::parse_duration)]
        since: Option<TimeDelta>,
    },
    /// After a move to Clerk: link local accounts to the Clerk accounts with the same confirmed address.
    /// Can be repeated, and run beside a server.
    LinkIdentities,
    /// Run the Stripe sandbox alone: a server for the part of Stripe's API that Lectern uses.
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
                bail!("no user has the address {email}; sign up with it first");
            }
            tracing::info!("Granted the admin role");
            Ok(())
        }
        Command::Reconcile { since } => {
            let report = serve::reconcile(config, since).await?;
            writeln!(std::io::stdout(), "{report}")?;
            ensure!(report.failed.is_empty(), "some lists could not be read; the next run reads them");
            Ok(())
        }
        Command::LinkIdentities => {
            let report = serve::link_identities(config).await?;
            writeln!(std::io::stdout(), "{report}")?;
            Ok(())
        }
        Command::StripeSandbox(args) => sandbox::run(args, serve::stop_on_signal()?).await,
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
