//! Server function of the activity page.

use leptos::prelude::*;
use uuid::Uuid;

use crate::{audit::AuditLog, error::Result, id::UserId, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    audit::{AuditFilter, queries},
    pagination::Page,
    server::http::request_context::{AdminContext, extract},
};

/// Entries of a page.
#[cfg(feature = "ssr")]
const PAGE_SIZE: u16 = 50;

/// Lists a page of the audit log: all of it, the actions of one user, or the changes of one object or user. For admins.
#[server(output = Json)]
pub async fn get_log(actor: Option<UserId>, subject: Option<Uuid>, before: Option<i64>) -> Result<AuditLog> {
    let AdminContext { db, .. } = extract().await?;
    let (filter, entries) = match (actor, subject) {
        (Some(actor), _) => (AuditFilter::by(actor), queries::list_by_actor(&db, actor, before).await?),
        (None, Some(subject)) => (AuditFilter::about(subject), queries::list_by_subject(&db, subject, before).await?),
        (None, None) => (AuditFilter::default(), queries::list(&db, before).await?),
    };
    let description = match (actor, subject) {
        (Some(actor), _) => queries::find_user_name(&db, actor.uuid()).await?.map(|name| format!("Actions of {name}.")),
        (None, Some(subject)) => {
            queries::find_user_name(&db, subject).await?.map(|name| format!("Changes to the account of {name}."))
        }
        (None, None) => None,
    };
    Ok(AuditLog { filter, entries: Page::from_rows(entries, PAGE_SIZE, &before.into()), description })
}
