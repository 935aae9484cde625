//! Settings of outgoing mail.

use anyhow::{Result, anyhow, bail, ensure};
use lettre::{message::Mailbox, transport::smtp::AsyncSmtpTransport};

/// Settings of outgoing mail.
#[derive(Clone)]
pub struct SmtpConfig {
    /// URL of the mail server, with the password.
    pub url: String,
    /// The sender of mail.
    pub from: Mailbox,
}

impl SmtpConfig {
    /// Reads the variables of this section.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn read(var: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let (url, from) = match (var("SMTP_URL"), var("MAIL_FROM")) {
            (None, None) => return Ok(None),
            (Some(url), Some(from)) => (url, from),
            (Some(_), None) => bail!("SMTP_URL is set but MAIL_FROM is not: mail would come from nobody"),
            (None, Some(_)) => bail!("MAIL_FROM is set but SMTP_URL is not: mail would go nowhere"),
        };
        // The address has a password in it, so it is not repeated.
        AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(&url).map_err(|_| {
            anyhow!(
                "SMTP_URL cannot be read; it looks like smtps://user:password@mail.example.com or \
                 smtp://user:password@mail.example.com:587?tls=required"
            )
        })?;
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        ensure!(
            scheme == "smtps" || url.contains("tls=required") || !rest.contains('@'),
            "SMTP_URL would send its password where everybody can read it: use smtps://, or add ?tls=required"
        );
        let from = from.parse().map_err(|_| {
            anyhow!(
                "MAIL_FROM is {from:?}; it is an address, such as school@example.com or School <school@example.com>"
            )
        })?;
        Ok(Some(Self { url, from }))
    }
}
