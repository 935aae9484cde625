//! The command line.

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use lectern::{
    sandbox::{self, SandboxArgs},
    server::{
        config::{Config, Environment},
        seed,
        serve::{self, Database},
        telemetry,
    },
    users,
};

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
    /// Fill the database with the demo school. It can be run twice.
    Seed {
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Make somebody an admin, by their email address.
    GrantAdmin { email: String },
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
        Command::Seed { demo: _ } => {
            let production = config.environment == Environment::Production;
            ensure!(!production, "demo accounts have a known password; they do not go with LECTERN_ENV=production");
            let database = Database::open(&config).await?;
            let seeded = seed::demo(&database.pool).await;
            database.close().await?;
            seeded.context("fill the demo school")
        }
        Command::GrantAdmin { email } => {
            let database = Database::open(&config).await?;
            let granted = users::queries::grant_admin(&database.pool, email.trim()).await;
            database.close().await?;
            if !granted? {
                bail!("nobody here has the address {email}; they sign up first");
            }
            tracing::info!(email, "Made somebody an admin");
            Ok(())
        }
        Command::StripeSandbox(args) => sandbox::run(args, serve::stop_on_signal()?).await,
    }
}
