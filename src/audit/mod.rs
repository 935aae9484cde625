//! The audit log as people read it.

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::UserId, paths};

/// Which lines are looked at: one of the two at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// What this person did.
    pub actor: Option<UserId>,
    /// What was done to this thing or person.
    pub subject: Option<Uuid>,
}

impl LogFilter {
    /// What `who` did.
    pub fn by(who: UserId) -> Self {
        Self { actor: Some(who), subject: None }
    }

    /// What was done to `thing`.
    pub fn about(thing: Uuid) -> Self {
        Self { actor: None, subject: Some(thing) }
    }

    /// The log that is filtered like this, read on before a line.
    pub fn address(&self, before: Option<i64>) -> String {
        let actor = self.actor.map(|actor| actor.to_string()).unwrap_or_default();
        let subject = self.subject.map(|subject| subject.to_string()).unwrap_or_default();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_ACTIVITY, &[("actor", actor), ("subject", subject), ("before", before)])
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    Person {
        id: UserId,
        name: String,
    },
    /// Whoever is deleted has no name any more.
    Deleted,
    /// The school itself, without anybody asking.
    School,
}

impl Actor {
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name, .. } => name,
            Self::Deleted => "Somebody deleted",
            Self::School => "The school itself",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub id: i64,
    pub actor: Actor,
    pub summary: String,
    /// Somebody tried what they may not do.
    pub refused: bool,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub filter: LogFilter,
    pub lines: Vec<LogLine>,
    /// Whether this is where the log begins.
    pub newest: bool,
    pub more: bool,
    /// Whom or what the lines are filtered by, in words, where there is a line.
    pub about: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_an_address() {
        assert_eq!(LogFilter::default().address(None), "/admin/activity");
        assert_eq!(LogFilter::default().address(Some(7)), "/admin/activity?before=7");
        let nil = Uuid::nil();
        assert_eq!(LogFilter::by(nil.into()).address(Some(7)), format!("/admin/activity?actor={nil}&before=7"));
        assert_eq!(LogFilter::about(nil).address(None), format!("/admin/activity?subject={nil}"));
    }
}
