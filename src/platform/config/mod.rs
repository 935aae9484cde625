//! Configuration, read once from environment variables, so that a mistake is reported at start and nowhere else.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

pub mod capacity;
pub mod clerk;
pub mod client_ip;
pub mod smtp;
pub mod stripe;
mod variable;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Result, bail, ensure};

use crate::platform::{
    config::{
        capacity::CapacityConfig, clerk::ClerkConfig, client_ip::ClientIpConfig, smtp::SmtpConfig,
        stripe::StripeConfig, variable::parsed,
    },
    environment::Environment,
};

/// The settings of the program. It contains secrets and is never logged.
#[derive(Clone)]
pub struct Config {
    pub environment: Environment,
    /// Address the server listens on.
    pub listen: SocketAddr,
    /// The public address, without a slash at its end.
    pub url: String,
    pub data_dir: PathBuf,
    /// Without one, an embedded PostgreSQL runs in the data folder.
    pub database_url: Option<String>,
    pub database_connections: u32,
    pub stripe: StripeConfig,
    pub client_ip: ClientIpConfig,
    /// Without one, mail stays in the outbox.
    pub smtp: Option<SmtpConfig>,
    /// Without it, accounts are local.
    pub clerk: Option<ClerkConfig>,
    pub capacity: CapacityConfig,
    /// Contact for vulnerability reports, an address that begins with `mailto:` or `https://`.
    pub security_contact: Option<String>,
    /// YouTube's oEmbed endpoint, which returns the title of a video. <https://oembed.com>
    pub youtube_oembed: String,
    /// Becomes admin at sign-up.
    pub admin_email: Option<String>,
    /// Fill an empty database with the demo school at start.
    pub seed_demo: bool,
    pub json_logs: bool,
    /// Run by `cargo leptos watch`, which reloads the page after a build.
    pub watched: bool,
}

const YOUTUBE_OEMBED: &str = "https://www.youtube.com/oembed";

impl Config {
    /// Reads the environment variables.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn from_env() -> Result<Self> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let environment = match var("LECTERN_ENV").as_deref() {
            None | Some("development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(other) => bail!("LECTERN_ENV is {other:?}; it can be development or production"),
        };
        let listen: SocketAddr = parsed(&var, "LECTERN_LISTEN")?.unwrap_or(([127, 0, 0, 1], 3000).into());
        let url = var("LECTERN_URL").unwrap_or_else(|| format!("http://{listen}"));
        let url = url.trim_end_matches('/').to_owned();
        ensure!(
            url.starts_with("http://") || url.starts_with("https://"),
            "LECTERN_URL is {url:?}; it starts with https:// (or http:// on this machine)"
        );
        let seed_demo = var("LECTERN_SEED_DEMO").is_some_and(|value| value == "1" || value == "true");
        ensure!(
            !(seed_demo && environment == Environment::Production),
            "LECTERN_SEED_DEMO makes accounts with a known password; it does not go with LECTERN_ENV=production"
        );
        let security_contact = var("SECURITY_CONTACT");
        if let Some(contact) = &security_contact {
            ensure!(
                (contact.starts_with("mailto:") || contact.starts_with("https://"))
                    && !contact.contains(char::is_whitespace),
                "SECURITY_CONTACT is {contact:?}; it is one address that starts with mailto: or https://"
            );
        }
        Ok(Self {
            environment,
            listen,
            url,
            data_dir: var("LECTERN_DATA_DIR").map_or_else(|| PathBuf::from("data"), PathBuf::from),
            database_url: var("DATABASE_URL"),
            database_connections: parsed(&var, "LECTERN_DATABASE_CONNECTIONS")?.unwrap_or(20),
            stripe: StripeConfig::read(environment, &var)?,
            client_ip: ClientIpConfig::read(&var)?,
            smtp: SmtpConfig::read(&var)?,
            clerk: ClerkConfig::read(environment, &var)?,
            capacity: CapacityConfig::read(&var)?,
            security_contact,
            youtube_oembed: var("YOUTUBE_OEMBED_BASE").unwrap_or_else(|| YOUTUBE_OEMBED.into()),
            admin_email: var("ADMIN_EMAIL"),
            seed_demo,
            json_logs: var("LECTERN_LOG_FORMAT").map_or(environment == Environment::Production, |f| f == "json"),
            watched: var("LEPTOS_WATCH").is_some(),
        })
    }

    /// The defaults, with Stripe at `stripe_url`.
    #[cfg(test)]
    pub fn for_tests(stripe: &str) -> Self {
        let mut config = Self::read(|_| None).unwrap();
        config.stripe.api_base = Some(stripe.to_owned());
        // A test is many people at one address.
        config.capacity.address_allowance = 1000;
        // Nobody listens there: a test that wants to be answered says by whom.
        config.youtube_oembed = "http://127.0.0.1:9/oembed".into();
        config
    }

    /// Origin of the payment page: Stripe's, or that of the sandbox that `STRIPE_API_BASE` names or this program runs.
    pub fn pays_at(&self) -> String {
        let StripeConfig { api_base, checkout_domain, .. } = &self.stripe;
        api_base
            .as_ref()
            .map_or_else(|| format!("https://{checkout_domain}"), |base| base.trim_end_matches('/').to_owned())
    }

    /// Whether the public address is a loopback address.
    pub fn is_local(&self) -> bool {
        let host = self.url.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
        host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback())
    }

    /// Whether the public address is `https`, so that cookies are `Secure`.
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config> {
        Config::read(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn without_configuration_a_school_runs_on_this_machine() {
        let config = read(&[]).unwrap();
        assert_eq!(config.url, "http://127.0.0.1:3000");
        assert_eq!(config.stripe.api_base.as_deref(), Some("http://127.0.0.1:12111"));
        assert!(!config.is_https());
    }

    #[test]
    fn production_refuses_the_sandbox_and_demo_accounts() {
        assert!(read(&[("LECTERN_ENV", "production")]).is_err());
        let live =
            [("LECTERN_ENV", "production"), ("STRIPE_SECRET_KEY", "sk_live_x"), ("STRIPE_WEBHOOK_SECRET", "whsec_x")];
        assert!(read(&live).unwrap().stripe.sandbox.is_none());
        assert!(read(&[&live[..], &[("LECTERN_SEED_DEMO", "1")]].concat()).is_err());
    }

    #[test]
    fn invalid_capacity_and_contact_settings_are_errors() {
        assert_eq!(read(&[("LECTERN_ADDRESS_ALLOWANCE", "50")]).unwrap().capacity.address_allowance, 50);
        for wrong in [
            ("LECTERN_ADDRESS_ALLOWANCE", "0"),
            ("LECTERN_CONCURRENT_REQUESTS", "0"),
            ("LECTERN_CONCURRENT_REQUESTS", "many"),
            ("SECURITY_CONTACT", "me@example.com"),
            ("SECURITY_CONTACT", "mailto:me@example.com\nContact: mailto:you@example.com"),
        ] {
            assert!(read(&[wrong]).err().unwrap().to_string().contains(wrong.0), "{wrong:?}");
        }
    }

    #[test]
    fn a_school_that_is_tried_is_at_this_machine() {
        for (url, local) in [
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
            ("https://school.example.com", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(read(&[("LECTERN_URL", url)]).unwrap().is_local(), local, "{url}");
        }
    }

    #[test]
    fn buyers_pay_at_stripe_or_at_the_accounts_own_domain() {
        let account = [("STRIPE_SECRET_KEY", "sk_live_x"), ("STRIPE_WEBHOOK_SECRET", "whsec_x")];
        let pays_at = |domain: &[_]| read(&[&account[..], domain].concat()).map(|config| config.pays_at());
        assert_eq!(pays_at(&[]).unwrap(), "https://checkout.stripe.com");
        assert_eq!(pays_at(&[("STRIPE_CHECKOUT_DOMAIN", "pay.example.com")]).unwrap(), "https://pay.example.com");
        for wrong in ["https://pay.example.com", "pay.example.com/x", "pay.example.com *", "*", "a.b; script-src *"] {
            assert!(pays_at(&[("STRIPE_CHECKOUT_DOMAIN", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn half_a_stripe_account_is_an_error() {
        assert!(read(&[("STRIPE_SECRET_KEY", "sk_test_x")]).is_err());
        assert!(read(&[("STRIPE_WEBHOOK_SECRET", "whsec_x")]).is_err());
    }

    #[test]
    fn mail_requires_a_sender_and_an_encrypted_connection() {
        let from = ("MAIL_FROM", "School <school@example.com>");
        let smtp = read(&[("SMTP_URL", "smtps://me:secret@mail.example.com"), from]).unwrap().smtp.unwrap();
        assert_eq!(smtp.from.to_string(), "School <school@example.com>");
        assert!(read(&[("SMTP_URL", "smtp://127.0.0.1:2525"), from]).is_ok());
        assert!(read(&[("SMTP_URL", "smtp://me:secret@mail.example.com:587?tls=required"), from]).is_ok());
        assert!(read(&[from]).is_err() && read(&[("SMTP_URL", "smtp://127.0.0.1")]).is_err());
        assert!(read(&[("SMTP_URL", "smtp://127.0.0.1"), ("MAIL_FROM", "nobody")]).is_err());
        let wrong =
            ["smtp://me:secret@mail.example.com", "smtp://me:secret@mail.example.com?tls=opportunistic", "me:secret"];
        for wrong in wrong {
            let refusal = read(&[("SMTP_URL", wrong), from]).err().unwrap();
            assert!(!format!("{refusal:#}").contains("secret"), "{refusal:#}");
        }
    }

    #[test]
    fn a_country_header_requires_trusted_proxies() {
        let header = ("COUNTRY_HEADER", "CF-IPCountry");
        assert!(read(&[header]).is_err());
        for wrong in ["everybody", "0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.0/8;::1"] {
            let refusal = read(&[header, ("TRUSTED_PROXIES", wrong)]).err().unwrap().to_string();
            assert!(refusal.contains("TRUSTED_PROXIES"), "{wrong}: {refusal}");
        }
        let proxies = ("TRUSTED_PROXIES", "10.0.0.0/8, 203.0.113.7 ::1");
        let visitors = read(&[header, proxies]).unwrap().client_ip;
        assert_eq!(visitors.country_header.unwrap(), "cf-ipcountry");
        assert_eq!(visitors.trusted_proxies.len(), 3);
        assert!(read(&[("COUNTRY_HEADER", "a header"), proxies]).is_err());
        assert!(read(&[("COUNTRY_HEADER", "X-Forwarded-For"), proxies]).is_err());
    }
}
