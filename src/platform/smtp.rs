//! How mail leaves: over SMTP, or not at all, and then it stays in the outbox. By lettre, which the field uses for it; it speaks TLS
//! through the same rustls as Stripe's client.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{Error, extension::ClientId},
};

use crate::{
    mail::{
        queries::Claimed,
        render::{self, Sender},
    },
    platform::config::SmtpConfig,
};

/// How long the mail server may take for one step.
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

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Taken,
    /// There is no mail server: it stays where it is.
    Kept,
    /// Not now, and certainly not taken.
    Later(String),
    /// Never.
    Refused(String),
    /// Nobody knows whether it was taken.
    Unsure(String),
}

impl Mailer {
    /// `url` is the school's public address, by whose name we introduce ourselves.
    ///
    /// # Errors
    /// When the address of the mail server cannot be read.
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

    pub const fn sends(&self) -> bool {
        matches!(self, Self::Smtp { .. })
    }

    /// One attempt.
    pub async fn deliver(&self, mail: &Claimed, sender: Sender<'_>) -> Delivery {
        let Self::Smtp { server, from, host } = self else { return Delivery::Kept };
        let message = match message(mail, sender, from, host) {
            Ok(message) => message,
            Err(error) => return Delivery::Refused(format!("{error:#}")),
        };
        // A mail server that is away or does not let us in has taken nothing: that is found out before anything is said.
        match server.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Delivery::Later("The mail server hung up.".into()),
            Err(error) => return Delivery::Later(said(&error)),
        }
        let envelope: &Envelope = message.envelope();
        match server.send_raw(envelope, &message.formatted()).await {
            Ok(_) => Delivery::Taken,
            Err(error) if error.is_transient() => Delivery::Later(said(&error)),
            Err(error) if error.is_permanent() || error.is_client() => Delivery::Refused(said(&error)),
            Err(error) => Delivery::Unsure(said(&error)),
        }
    }
}

/// The mail as it goes over the line. Its `Message-ID` is the same in every attempt.
fn message(mail: &Claimed, sender: Sender<'_>, from: &Mailbox, host: &str) -> Result<Message> {
    let to = mail.address.parse().context("read the address")?;
    let subject: String = mail.letter.subject.chars().filter(|letter| !letter.is_control()).collect();
    let from = match from.name {
        Some(_) => from.clone(),
        None => Mailbox::new(Some(sender.school.to_owned()), from.email.clone()),
    };
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(mail.created_at.into())
        .message_id(Some(format!("<{}.{}@{host}>", mail.id, mail.created_at.timestamp_micros())))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(
            render::text(&mail.letter, sender),
            render::html(&mail.letter, sender),
        ))
        .context("write the mail")
}

/// A program wrote it: holiday notes need not answer. RFC 3834.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// What went wrong, with its causes, for the outbox and the log.
fn said(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        words = format!("{words}: {deeper}");
        cause = deeper.source();
    }
    words.chars().filter(|letter| !letter.is_control()).take(500).collect()
}
