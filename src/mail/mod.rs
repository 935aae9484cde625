//! Email: message bodies, the outbox and its sending job. A mail is inserted in the transaction that causes it, and a job sends it
//! afterwards, so that a rollback sends nothing and an outage of the mail server loses nothing.

pub mod admin_pages;
pub mod api;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod message;
#[cfg(feature = "ssr")]
pub mod outbox;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod render;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::UserId, pagination::Page, paths, ui::Tone};

/// The content of an email, before it is rendered as text and HTML. The outbox stores it as JSON, so its field names are a format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailBody {
    pub subject: String,
    /// The paragraphs.
    pub lines: Vec<String>,
    /// Labels with values, shown as a table: "Paid", "$60".
    pub facts: Vec<(String, String)>,
    /// The links below the text; the first is rendered as a button.
    pub links: Vec<Link>,
    /// Whether the links sign their reader in. Admins do not see such links of a sent mail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A link in an email: its text, and a path of this site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub words: String,
    pub path: String,
}

impl EmailBody {
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    #[must_use]
    pub fn fact(mut self, label: &str, value: impl Into<String>) -> Self {
        self.facts.push((label.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    #[must_use]
    pub fn link(mut self, text: &str, path: impl Into<String>) -> Self {
        self.links.push(Link { words: text.to_owned(), path: path.into() });
        self
    }
}

/// The delivery state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "mail_state", rename_all = "lowercase"))]
pub enum MailState {
    /// Waiting for its first attempt or for a retry.
    Due,
    Sending,
    Sent,
    /// The attempt was interrupted; the mail server may or may not have accepted the mail.
    Unsure,
    /// Rejected by the mail server, or retried for too long.
    Failed,
}

impl MailState {
    pub const ALL: [Self; 5] = [Self::Due, Self::Sending, Self::Sent, Self::Unsure, Self::Failed];

    /// Returns the value of the query parameter `state`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unsure => "unsure",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Due | Self::Sending => Tone::Plain,
            Self::Sent => Tone::Accent,
            Self::Unsure => Tone::Warning,
            Self::Failed => Tone::Danger,
        }
    }

    /// Returns whether an admin may send the mail again. A sent mail is never sent twice.
    pub const fn can_be_resent(self) -> bool {
        matches!(self, Self::Unsure | Self::Failed)
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    pub id: i64,
    pub to: UserId,
    pub name: String,
    pub address: String,
    pub body: EmailBody,
    pub state: MailState,
    /// Whether it was only stored, because no mail server was configured.
    pub stored_only: bool,
    /// The last error of its delivery; empty without one.
    pub error: String,
    pub attempts: i32,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub sent_at: Option<DateTime<Utc>>,
}

impl MailRow {
    /// Returns the mail as admins may see it: without the links of a secret mail that was or will be sent, since they sign their reader in.
    #[must_use]
    pub fn for_admins(mut self, has_mail_server: bool) -> Self {
        if self.body.secret && (has_mail_server || !self.stored_only) {
            self.body.links.clear();
        }
        self
    }

    pub const fn label(&self) -> &'static str {
        match self.state {
            MailState::Due if self.attempts > 0 => "Waiting to retry",
            MailState::Due => "Waiting",
            MailState::Sending => "Being sent",
            MailState::Sent if self.stored_only => "Stored only",
            MailState::Sent => "Sent",
            MailState::Unsure => "Maybe sent",
            MailState::Failed => "Not sent",
        }
    }
}

/// A filter of the outbox: the mails to one user, those in one state, or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxFilter {
    pub to: Option<UserId>,
    pub state: Option<MailState>,
}

impl OutboxFilter {
    pub const fn to(user: UserId) -> Self {
        Self { to: Some(user), state: None }
    }

    /// Returns the URL of the outbox with this filter, from the mail before `before` on.
    pub fn url(&self, before: Option<i64>) -> String {
        let to = self.to.map(|to| to.to_string()).unwrap_or_default();
        let state = self.state.map(MailState::as_str).unwrap_or_default();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_OUTBOX, &[("to", to), ("state", state.into()), ("before", before)])
    }
}

/// A page of the outbox, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    pub filter: OutboxFilter,
    pub mails: Page<MailRow>,
    pub has_mail_server: bool,
    /// The number of mails in all that are `Unsure` or `Failed`.
    pub undelivered: i64,
}

/// The page of one mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPage {
    pub mail: MailRow,
    pub has_mail_server: bool,
}
