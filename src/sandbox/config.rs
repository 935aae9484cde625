//! Configuration of the sandbox: command-line flags, environment variables, and what they resolve to.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// The resolved configuration of one sandbox.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Base URL for browsers, such as `http://127.0.0.1:12111`.
    pub public_url: String,
    /// URL that signed events are posted to.
    pub webhook_url: String,
    /// Secret that events are signed with.
    pub webhook_secret: String,
    /// API key that clients authenticate with.
    pub secret_key: String,
    /// File that stores the state. Without it, the state is lost when the process exits.
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
    /// URL for browsers, if it differs from the listening address
    #[arg(long, env = "STRIPE_SANDBOX_URL")]
    pub public_url: Option<String>,
    /// URL that signed events are posted to
    #[arg(long, env = "STRIPE_SANDBOX_WEBHOOK_URL", default_value = "http://127.0.0.1:3000/api/webhooks/stripe")]
    pub webhook_url: String,
    /// Secret that events are signed with
    #[arg(long, env = "STRIPE_SANDBOX_WEBHOOK_SECRET", default_value = "whsec_sandbox", hide_env_values = true)]
    pub webhook_secret: String,
    /// API key that clients authenticate with
    #[arg(long, env = "STRIPE_SANDBOX_SECRET_KEY", default_value = "sk_test_sandbox", hide_env_values = true)]
    pub secret_key: String,
    /// File that stores the state across restarts
    #[arg(long, env = "STRIPE_SANDBOX_STATE_FILE")]
    pub state_file: Option<PathBuf>,
    /// Kind of installation: the sandbox does not start in `production`
    #[arg(long = "sandbox-env", env = "LECTERN_ENV", hide = true)]
    pub sandbox_env: Option<String>,
}
