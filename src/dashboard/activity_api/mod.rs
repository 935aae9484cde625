//! What the page of the audit log asks of the server.

#[cfg(test)]
mod tests;

use leptos::prelude::*;
use uuid::Uuid;

use crate::{audit::Log, error::Result, id::UserId, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    audit::{self, LogFilter},
    server::http::request_context::{AdminContext, RequestContext},
};

/// Lines of a page.
#[cfg(feature = "ssr")]
const PAGE_SIZE: usize = 50;

/// A page of the audit log: all of it, what one person did, or what was done to one thing. For admins.
#[server(output = Json)]
pub async fn get_log(actor: Option<UserId>, subject: Option<Uuid>, before: Option<i64>) -> Result<Log> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let (filter, mut lines) = match (actor, subject) {
        (Some(actor), _) => (LogFilter::by(actor), audit::queries::list_by(&db, actor, before).await?),
        (None, Some(subject)) => (LogFilter::about(subject), audit::queries::list_about(&db, subject, before).await?),
        (None, None) => (LogFilter::default(), audit::queries::list(&db, before).await?),
    };
    let about = match (actor, subject) {
        (Some(actor), _) => audit::queries::find_name(&db, actor.uuid()).await?.map(|name| format!("What {name} did.")),
        (None, Some(subject)) => {
            audit::queries::find_name(&db, subject).await?.map(|name| format!("What was done to {name}."))
        }
        (None, None) => None,
    };
    let more = lines.len() > PAGE_SIZE;
    lines.truncate(PAGE_SIZE);
    Ok(Log { filter, lines, newest: before.is_none(), more, about })
}
