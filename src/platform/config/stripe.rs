//! Settings of Stripe, or of the sandbox that replaces it where no account is configured.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};

use crate::platform::{config::variable::parsed, environment::Environment};

pub const SANDBOX_SECRET_KEY: &str = "sk_test_sandbox";
pub const SANDBOX_WEBHOOK_SECRET: &str = "whsec_sandbox";

/// Settings of Stripe. The sandbox differs in its address only.
#[derive(Clone)]
pub struct StripeConfig {
    pub secret_key: String,
    pub webhook_secret: String,
    /// `None` is Stripe's own address.
    pub api_base: Option<String>,
    /// The host of Stripe's payment page: Stripe's own, or a custom domain of the account's.
    pub checkout_domain: String,
    /// Address the sandbox listens on, when no Stripe account is configured.
    pub sandbox: Option<SocketAddr>,
}

impl StripeConfig {
    /// Reads the variables of this section.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn read(environment: Environment, var: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let api_base = var("STRIPE_API_BASE");
        let checkout_domain = var("STRIPE_CHECKOUT_DOMAIN").unwrap_or_else(|| "checkout.stripe.com".into());
        let is_domain = checkout_domain.split('.').count() > 1
            && checkout_domain.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
        ensure!(is_domain, "STRIPE_CHECKOUT_DOMAIN is a host's name, such as pay.example.com");
        match (var("STRIPE_SECRET_KEY"), var("STRIPE_WEBHOOK_SECRET")) {
            (Some(secret_key), Some(webhook_secret)) => {
                Ok(Self { secret_key, webhook_secret, api_base, checkout_domain, sandbox: None })
            }
            (Some(_), None) => {
                bail!("STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not: payments could not be confirmed")
            }
            (None, Some(_)) => {
                bail!("STRIPE_WEBHOOK_SECRET is set but STRIPE_SECRET_KEY is not: nothing could be sold")
            }
            (None, None) if environment == Environment::Production => {
                bail!(
                    "set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET: the payment sandbox does not run with LECTERN_ENV=production"
                )
            }
            (None, None) => {
                let sandbox = parsed(var, "LECTERN_SANDBOX_LISTEN")?.unwrap_or(([127, 0, 0, 1], 12111).into());
                Ok(Self {
                    secret_key: SANDBOX_SECRET_KEY.into(),
                    webhook_secret: SANDBOX_WEBHOOK_SECRET.into(),
                    api_base: Some(format!("http://{sandbox}")),
                    checkout_domain,
                    sandbox: Some(sandbox),
                })
            }
        }
    }
}
