//! Configuration of Clerk: its keys, and the addresses that they contain.

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use jsonwebtoken::DecodingKey;
use standardwebhooks::Webhook;

use crate::platform::environment::Environment;

const API: &str = "https://api.clerk.com";

#[derive(Clone)]
pub struct ClerkConfig {
    pub secret_key: String,
    pub publishable_key: String,
    /// Clerk's Frontend API, which is also the issuer of tokens: `https://clerk.example.com`.
    pub frontend: String,
    /// Clerk's Account Portal, with the pages to sign in and sign up: `https://accounts.example.com`.
    pub portal: String,
    /// A development instance passes its cookies in URLs, because it is on another site.
    pub development: bool,
    /// Without one, Clerk's webhooks are rejected.
    pub webhook_secret: Option<String>,
    /// Public key of tokens as PEM, so that it need not be fetched from Clerk.
    pub jwt_key: Option<String>,
    /// Load `ClerkJS`, to sign in within our own page.
    pub js: bool,
    pub api_base: String,
}

impl ClerkConfig {
    /// Reads Clerk's variables. Returns `None` when Clerk is not configured.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn read(environment: Environment, var: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let (secret_key, publishable_key) = match (var("CLERK_SECRET_KEY"), var("CLERK_PUBLISHABLE_KEY")) {
            (Some(secret), Some(publishable)) => (secret, publishable),
            (Some(_), None) => bail!("CLERK_SECRET_KEY is set but CLERK_PUBLISHABLE_KEY is not: nobody could sign in"),
            (None, Some(_)) => bail!("CLERK_PUBLISHABLE_KEY is set but CLERK_SECRET_KEY is not: nobody could sign in"),
            (None, None) => {
                for name in ["CLERK_WEBHOOK_SIGNING_SECRET", "CLERK_JWT_KEY", "CLERK_JS", "CLERK_API_BASE"] {
                    ensure!(var(name).is_none(), "{name} is set but CLERK_SECRET_KEY is not: accounts would be local");
                }
                return Ok(None);
            }
        };
        let (development, host) = frontend(&publishable_key)?;
        let expected = if development { "sk_test_" } else { "sk_live_" };
        ensure!(
            secret_key.starts_with(expected),
            "CLERK_SECRET_KEY does not start with {expected}, as one beside this CLERK_PUBLISHABLE_KEY does: they are of \
             different instances"
        );
        // An issuer of tests. It has no certificate.
        let local = development && (host.starts_with("127.0.0.1:") || host.starts_with("localhost."));
        ensure!(
            !(local && environment == Environment::Production),
            "CLERK_PUBLISHABLE_KEY names {host}, which is this machine; it does not go with LECTERN_ENV=production"
        );
        let scheme = if local { "http" } else { "https" };
        let webhook_secret = var("CLERK_WEBHOOK_SIGNING_SECRET");
        if let Some(secret) = &webhook_secret {
            ensure!(
                secret.starts_with("whsec_") && secret.len() > 20 && Webhook::new(secret).is_ok(),
                "CLERK_WEBHOOK_SIGNING_SECRET is no signing secret; Clerk shows it as whsec_…"
            );
        }
        // In a file of settings, a key's lines are often written as one.
        let jwt_key = var("CLERK_JWT_KEY").map(|key| key.replace("\\n", "\n"));
        if let Some(key) = &jwt_key {
            DecodingKey::from_rsa_pem(key.as_bytes())
                .context("CLERK_JWT_KEY is no public key in PEM; Clerk shows it as -----BEGIN PUBLIC KEY-----…")?;
        }
        let js = match var("CLERK_JS").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => bail!("CLERK_JS is {other:?}; it can be true or false"),
        };
        let api_base = var("CLERK_API_BASE").unwrap_or_else(|| API.into());
        ensure!(
            api_base.starts_with("http://") || api_base.starts_with("https://"),
            "CLERK_API_BASE is {api_base:?}; it starts with https://"
        );
        Ok(Some(Self {
            secret_key,
            publishable_key,
            frontend: format!("{scheme}://{host}"),
            portal: format!("{scheme}://{}", portal(&host)),
            development,
            webhook_secret,
            jwt_key,
            js,
            api_base: api_base.trim_end_matches('/').to_owned(),
        }))
    }
}

/// Parses a publishable key: whether it is of a development instance, and the host of the Frontend API, which is encoded in Base64 after
/// the second underscore, followed by a `$`.
fn frontend(key: &str) -> Result<(bool, String)> {
    let (development, encoded) = match (key.strip_prefix("pk_test_"), key.strip_prefix("pk_live_")) {
        (Some(encoded), _) => (true, encoded),
        (_, Some(encoded)) => (false, encoded),
        (None, None) => bail!("CLERK_PUBLISHABLE_KEY starts with pk_test_ or pk_live_, and this one does not"),
    };
    let host = BASE64_STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).ok();
    let host = host.and_then(|host| String::from_utf8(host).ok());
    let host = host.as_deref().and_then(|host| host.strip_suffix('$')).filter(|host| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:".contains(letter);
        host.contains('.') && host.chars().all(plain)
    });
    let host = host.context("CLERK_PUBLISHABLE_KEY is cut off: it names no host")?;
    Ok((development, host.to_owned()))
}

/// Derives the host of the Account Portal from that of the Frontend API: `accounts.example.com`, or `slug.accounts.dev`.
fn portal(host: &str) -> String {
    if let Some(slug) = host.strip_suffix(".clerk.accounts.dev") {
        format!("{slug}.accounts.dev")
    } else if let Some(domain) = host.strip_prefix("clerk.") {
        format!("accounts.{domain}")
    } else {
        host.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn key(kind: &str, host: &str) -> String {
        format!("pk_{kind}_{}", base64::prelude::BASE64_STANDARD.encode(format!("{host}$")))
    }

    fn read(vars: &[(&str, &str)]) -> Result<Option<ClerkConfig>> {
        let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        ClerkConfig::read(Environment::Production, &var)
    }

    #[rstest]
    #[case::production("live", "clerk.example.com", "https://clerk.example.com", "https://accounts.example.com")]
    #[case::of_a_subdomain(
        "live",
        "clerk.learn.example.com",
        "https://clerk.learn.example.com",
        "https://accounts.learn.example.com"
    )]
    #[case::development(
        "test",
        "wise-owl-1.clerk.accounts.dev",
        "https://wise-owl-1.clerk.accounts.dev",
        "https://wise-owl-1.accounts.dev"
    )]
    fn a_publishable_key_contains_clerks_address(
        #[case] kind: &str,
        #[case] host: &str,
        #[case] frontend: &str,
        #[case] portal: &str,
    ) {
        let (publishable, secret) = (key(kind, host), format!("sk_{kind}_x"));
        let config = read(&[("CLERK_PUBLISHABLE_KEY", &publishable), ("CLERK_SECRET_KEY", &secret)]).unwrap().unwrap();
        assert_eq!((config.frontend.as_str(), config.portal.as_str()), (frontend, portal));
        assert_eq!(config.development, kind == "test");
        assert_eq!((config.api_base.as_str(), config.js), ("https://api.clerk.com", false));
    }

    #[test]
    fn accounts_are_local_without_keys() {
        assert!(read(&[]).unwrap().is_none());
    }

    #[rstest]
    #[case::half_an_account(&[("CLERK_PUBLISHABLE_KEY", "")], "CLERK_PUBLISHABLE_KEY is not")]
    #[case::the_other_half(&[("CLERK_SECRET_KEY", "")], "CLERK_SECRET_KEY is not")]
    #[case::cut_off(&[("CLERK_PUBLISHABLE_KEY", "pk_live_Y2xlcms")], "cut off")]
    #[case::another_thing(&[("CLERK_PUBLISHABLE_KEY", "sk_live_x")], "pk_test_ or pk_live_")]
    #[case::of_two_instances(&[("CLERK_SECRET_KEY", "sk_test_x")], "different instances")]
    #[case::no_signing_secret(&[("CLERK_WEBHOOK_SIGNING_SECRET", "whsec_%%%%%%%%%%%%%%%%%%")], "CLERK_WEBHOOK_SIGNING_SECRET")]
    #[case::no_pem(&[("CLERK_JWT_KEY", "-----BEGIN PUBLIC KEY-----")], "CLERK_JWT_KEY")]
    #[case::neither(&[("CLERK_JS", "yes")], "CLERK_JS")]
    #[case::no_address(&[("CLERK_API_BASE", "api.clerk.com")], "CLERK_API_BASE")]
    #[case::a_key_alone(&[("CLERK_PUBLISHABLE_KEY", ""), ("CLERK_SECRET_KEY", ""), ("CLERK_JS", "true")], "accounts would be local")]
    fn an_invalid_clerk_setting_is_an_error_at_start(#[case] vars: &[(&str, &str)], #[case] message: &str) {
        let publishable = key("live", "clerk.example.com");
        let right = [("CLERK_PUBLISHABLE_KEY", publishable.as_str()), ("CLERK_SECRET_KEY", "sk_live_x")];
        let set = [vars, &right].concat();
        let mut set: Vec<_> = set.into_iter().collect();
        // What is set to nothing is not set.
        let unset: Vec<_> = set.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name).collect();
        set.retain(|(name, _)| !unset.contains(name));
        let error = read(&set).err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn an_issuer_on_this_machine_is_for_tests() {
        let publishable = key("test", "127.0.0.1:4000");
        let refusal = read(&[("CLERK_PUBLISHABLE_KEY", &publishable), ("CLERK_SECRET_KEY", "sk_test_x")]);
        assert!(refusal.err().unwrap().to_string().contains("this machine"));
    }
}
