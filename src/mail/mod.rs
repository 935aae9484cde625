//! Mail: what people are written. A letter is put into the outbox in the transaction that makes it true; a job sends it afterwards,
//! once.

pub mod admin_pages;
pub mod api;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod outbox;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod render;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::UserId, paths, ui::Tone};

/// What somebody is written, before it looks like a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailBody {
    pub subject: String,
    /// Its paragraphs.
    pub lines: Vec<String>,
    /// What it is about, in words and values: "Paid", "$60".
    pub facts: Vec<(String, String)>,
    /// Where to go on, the first as a button.
    pub links: Vec<Link>,
    /// Its links let somebody in: nobody but whom it is sent to reads them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A way into the school: words, and a path of our own.
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
    pub fn link(mut self, words: &str, path: impl Into<String>) -> Self {
        self.links.push(Link { words: words.to_owned(), path: path.into() });
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "mail_state", rename_all = "lowercase"))]
pub enum MailState {
    /// Waits for its turn, or for the mail server.
    Due,
    Sending,
    Sent,
    /// We or the mail server broke off: it may have taken it or not.
    Unsure,
    /// The mail server does not take it.
    Failed,
}

impl MailState {
    pub const ALL: [Self; 5] = [Self::Due, Self::Sending, Self::Sent, Self::Unsure, Self::Failed];

    /// As the address of a list says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unsure => "unsure",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Due | Self::Sending => Tone::Plain,
            Self::Sent => Tone::Accent,
            Self::Unsure => Tone::Warning,
            Self::Failed => Tone::Danger,
        }
    }

    /// Whether a person may have it sent once more. What was sent stays sent.
    pub const fn may_be_sent_again(self) -> bool {
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
    pub letter: EmailBody,
    pub state: MailState,
    /// It went nowhere but here, because no mail server was configured.
    pub kept: bool,
    /// What the mail server said last, where it did not take it.
    pub trouble: String,
    pub attempts: i32,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub sent_at: Option<DateTime<Utc>>,
}

impl MailRow {
    /// What an admin may read of it: of a secret letter that is on its way, or was sent, no links.
    #[must_use]
    pub fn for_admins(mut self, sends: bool) -> Self {
        if self.letter.secret && (sends || !self.kept) {
            self.letter.links.clear();
        }
        self
    }

    pub const fn words(&self) -> &'static str {
        match self.state {
            MailState::Due if self.attempts > 0 => "Waits for the mail server",
            MailState::Due => "Waiting",
            MailState::Sending => "Being sent",
            MailState::Sent if self.kept => "Kept here",
            MailState::Sent => "Sent",
            MailState::Unsure => "Maybe sent",
            MailState::Failed => "Not sent",
        }
    }
}

/// Which mails are looked at: those of one person, those in one state, or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxFilter {
    pub to: Option<UserId>,
    pub state: Option<MailState>,
}

impl OutboxFilter {
    pub fn to(user: UserId) -> Self {
        Self { to: Some(user), state: None }
    }

    /// The outbox that is filtered like this, read on before a mail.
    pub fn address(&self, before: Option<i64>) -> String {
        let to = self.to.map(|to| to.to_string()).unwrap_or_default();
        let state = self.state.map(MailState::word).unwrap_or_default();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_OUTBOX, &[("to", to), ("state", state.into()), ("before", before)])
    }
}

/// A page of the outbox, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    pub filter: OutboxFilter,
    pub mails: Vec<MailRow>,
    /// Whether this is where the outbox begins.
    pub newest: bool,
    pub more: bool,
    /// Whether there is a mail server.
    pub sends: bool,
    /// Mails that somebody has to look at.
    pub troubled: i64,
}

/// One mail, to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPage {
    pub mail: MailRow,
    pub sends: bool,
}
