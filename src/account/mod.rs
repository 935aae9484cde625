//! The account: what somebody may do with their own, and the links that are sent to them.

pub mod api;
pub mod hosted_pages;
pub mod menu;
pub mod pages;
pub mod password_fields;
pub mod sign_in_pages;

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
#[cfg(feature = "ssr")]
pub mod sign_in_handlers;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a link that was sent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "link_purpose", rename_all = "snake_case"))]
pub enum Purpose {
    /// The address is theirs.
    Confirm,
    /// A new password, because the old one is forgotten.
    Reset,
    /// Signing in without a password.
    SignIn,
    /// The account moves to the address.
    ChangeAddress,
}

/// A session of the viewer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: Uuid,
    /// What the browser says it is: "Firefox on Linux". It may be wrong.
    pub agent: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub began_at: DateTime<Utc>,
    /// Right to the hour.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub seen_at: DateTime<Utc>,
    /// The one that asks.
    pub here: bool,
}

/// The viewer's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub email: String,
    pub confirmed: bool,
    /// An address that the account is to move to, once its link is opened.
    pub moves_to: Option<String>,
    /// The last ones seen, at most 50.
    pub sessions: Vec<SessionRow>,
}

/// A link that was opened, and not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenLink {
    pub purpose: Purpose,
    pub address: String,
}
