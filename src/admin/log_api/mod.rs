//! What the page of the audit log asks of the server.

use leptos::prelude::*;
use uuid::Uuid;

use super::log::Log;
use crate::{error::Result, users::UserId, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{log::LogFilter, log_queries as queries},
    crate::server::call::{AdminCall, Call},
};

/// Lines of a page.
#[cfg(feature = "ssr")]
const PAGE: usize = 50;

/// A page of the audit log: all of it, what one person did, or what was done to one thing. For admins.
#[server(output = Json)]
pub async fn get_log(actor: Option<UserId>, subject: Option<Uuid>, before: Option<i64>) -> Result<Log> {
    let AdminCall { db, .. } = Call::admin().await?;
    let (filter, mut lines) = match (actor, subject) {
        (Some(actor), _) => (LogFilter::by(actor), queries::list_by(&db, actor, before).await?),
        (None, Some(subject)) => (LogFilter::about(subject), queries::list_about(&db, subject, before).await?),
        (None, None) => (LogFilter::default(), queries::list(&db, before).await?),
    };
    let about = match (actor, subject) {
        (Some(actor), _) => queries::find_name(&db, actor.uuid()).await?.map(|name| format!("What {name} did.")),
        (None, Some(subject)) => {
            queries::find_name(&db, subject).await?.map(|name| format!("What was done to {name}."))
        }
        (None, None) => None,
    };
    let more = lines.len() > PAGE;
    lines.truncate(PAGE);
    Ok(Log { filter, lines, newest: before.is_none(), more, about })
}

#[cfg(test)]
mod tests;
