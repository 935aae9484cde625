//! The message of an email for the mail server: headers, text and HTML.

use anyhow::{Context, Result};
use lettre::{
    Message,
    message::{Mailbox, MultiPart, header},
};

use crate::mail::{
    queries::ClaimedMail,
    render::{self, Sender},
};

/// Builds the message of `mail`. Its `Message-ID` is the same in every attempt, so that a mail server can recognise a repetition.
///
/// # Errors
/// When the recipient's address cannot be parsed.
pub fn build(mail: &ClaimedMail, sender: Sender<'_>, from: &Mailbox, host: &str) -> Result<Message> {
    let to = mail.address.parse().context("parse the recipient's address")?;
    let subject: String = mail.body.subject.chars().filter(|char| !char.is_control()).collect();
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
            render::text(&mail.body, sender),
            render::html(&mail.body, sender),
        ))
        .context("build the message")
}

/// The header `Auto-Submitted: auto-generated`, which keeps vacation responders from answering (RFC 3834).
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
