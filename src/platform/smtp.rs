//! SMTP client: one delivery attempt for a finished message. lettre speaks SMTP, with TLS by the same rustls as Stripe's client; without
//! a mail server, mail stays in the outbox.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{Error, extension::ClientId},
};

use crate::platform::config::smtp::SmtpConfig;

/// Timeout of each step of the conversation with the mail server.
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub enum Mailer {
    Smtp {
        server: AsyncSmtpTransport<Tokio1Executor>,
        from: Mailbox,
        host: String,
    },
    /// No mail server is configured.
    Outbox,
}

/// Result of a delivery attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The mail server accepted the message.
    Accepted,
    /// No mail server is configured: the mail stays in the outbox.
    NotSent,
    /// The message was certainly not accepted, and may be tried again. With the reason.
    Deferred(String),
    /// The message will never be accepted. With the reason.
    Rejected(String),
    /// The connection broke off after the text was under way: the message may have been accepted. With the reason.
    Unknown(String),
}

impl Mailer {
    /// `url` is the school's public address, whose host name the client introduces itself with.
    ///
    /// # Errors
    /// When `SMTP_URL` cannot be parsed.
    pub fn new(smtp: Option<&SmtpConfig>, url: &str) -> Result<Self> {
        let Some(SmtpConfig { url: server, from }) = smtp else { return Ok(Self::Outbox) };
        let host = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or(host).to_owned();
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server)
            .context("read SMTP_URL")?
            .hello_name(ClientId::Domain(host.clone()))
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        Ok(Self::Smtp { server, from: from.clone(), host })
    }

    /// Whether a mail server is configured.
    pub const fn is_configured(&self) -> bool {
        matches!(self, Self::Smtp { .. })
    }

    /// Attempts to deliver `message` once.
    pub async fn deliver(&self, message: &Message) -> Delivery {
        let Self::Smtp { server, .. } = self else { return Delivery::NotSent };
        // The connection is tested first: a server that is down or rejects the login has certainly not accepted the message.
        match server.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Delivery::Deferred("The mail server closed the connection.".into()),
            Err(error) => return Delivery::Deferred(describe(&error)),
        }
        match server.send_raw(message.envelope(), &message.formatted()).await {
            Ok(_) => Delivery::Accepted,
            Err(error) if error.is_transient() => Delivery::Deferred(describe(&error)),
            Err(error) if error.is_permanent() || error.is_client() => Delivery::Rejected(describe(&error)),
            Err(error) => Delivery::Unknown(describe(&error)),
        }
    }
}

/// An SMTP error with its causes, for the outbox and the log.
fn describe(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        words = format!("{words}: {deeper}");
        cause = deeper.source();
    }
    words.chars().filter(|letter| !letter.is_control()).take(500).collect()
}
