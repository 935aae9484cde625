//! A user's own account: sign-up, sign-in, sign-out, password recovery, settings, deletion, data export.

pub mod api;
pub mod hosted_pages;
pub mod menu;
pub mod pages;
pub mod password_fields;

#[cfg(feature = "ssr")]
pub mod clerk_metadata_sync;
#[cfg(feature = "ssr")]
pub mod clerk_sign_out;
#[cfg(feature = "ssr")]
pub mod clerk_webhook;
#[cfg(feature = "ssr")]
pub mod data_export;
#[cfg(feature = "ssr")]
pub mod emails;
#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod input;
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod session_cookie;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The purpose of a link that is sent by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "link_purpose", rename_all = "snake_case"))]
pub enum LinkPurpose {
    /// Confirms the email address of the account.
    Confirm,
    /// Sets a new password in place of a forgotten one.
    Reset,
    /// Signs in without a password.
    SignIn,
    /// Confirms a new email address, to which the account then changes.
    ChangeAddress,
}

/// A session of the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: Uuid,
    /// The browser by its own name: "Firefox on Linux". It may be wrong, or empty.
    pub agent: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub began_at: DateTime<Utc>,
    /// Accurate to the hour.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub seen_at: DateTime<Utc>,
    /// Whether this is the session of the request.
    pub here: bool,
}

/// The viewer's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub email: String,
    pub confirmed: bool,
    /// The new email address, until its link is opened.
    pub pending_email: Option<String>,
    /// The sessions that were seen last, at most 50.
    pub sessions: Vec<SessionRow>,
}

/// A link that was opened and not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenLink {
    pub purpose: LinkPurpose,
    pub address: String,
}
