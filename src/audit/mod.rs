//! The audit log: who changed what, and when. The back office shows it as "Activity".

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::UserId, pagination::Page, paths};

/// Which entries of the log are listed: all, those of one actor, or those about one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// The user who acted.
    pub actor: Option<UserId>,
    /// The id of the object or user that was changed.
    pub subject: Option<Uuid>,
}

impl AuditFilter {
    /// The entries of one user's actions.
    pub fn by(actor: UserId) -> Self {
        Self { actor: Some(actor), subject: None }
    }

    /// The entries about one object or user.
    pub fn about(subject: Uuid) -> Self {
        Self { actor: None, subject: Some(subject) }
    }

    /// The URL of the newest page of the log, or of the page before an entry.
    pub fn url(&self, before: Option<i64>) -> String {
        let actor = self.actor.map(|actor| actor.to_string()).unwrap_or_default();
        let subject = self.subject.map(|subject| subject.to_string()).unwrap_or_default();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_ACTIVITY, &[("actor", actor), ("subject", subject), ("before", before)])
    }
}

/// The user or program that acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    User {
        id: UserId,
        name: String,
    },
    /// A user whose account was deleted, and their name with it.
    DeletedUser,
    /// The server itself, such as after an event of Stripe.
    System,
}

impl Actor {
    /// The name in the list of entries.
    pub fn label(&self) -> &str {
        match self {
            Self::User { name, .. } => name,
            Self::DeletedUser => "Deleted user",
            Self::System => "The system",
        }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: i64,
    pub actor: Actor,
    pub summary: String,
    /// Whether the actor was denied what they tried.
    pub refused: bool,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLog {
    pub filter: AuditFilter,
    pub entries: Page<AuditEntry>,
    /// The filter in words, when it names a user.
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_part_of_the_url() {
        assert_eq!(AuditFilter::default().url(None), "/admin/activity");
        assert_eq!(AuditFilter::default().url(Some(7)), "/admin/activity?before=7");
        let nil = Uuid::nil();
        assert_eq!(AuditFilter::by(nil.into()).url(Some(7)), format!("/admin/activity?actor={nil}&before=7"));
        assert_eq!(AuditFilter::about(nil).url(None), format!("/admin/activity?subject={nil}"));
    }
}
