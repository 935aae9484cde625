//! What the browser may ask about mail. For admins.

#[cfg(test)]
mod tests;

use leptos::prelude::*;

use crate::{
    error::Result,
    id::UserId,
    mail::{MailPage, Outbox},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    mail::{MailState, OutboxFilter, queries},
    server::http::request_context::{AdminContext, RequestContext},
};

/// A page of the outbox: all mails, those of one person, or those in one state.
#[server(output = Json)]
pub async fn get_outbox(to: Option<UserId>, state: String, before: Option<i64>) -> Result<Outbox> {
    const PAGE: usize = 50;
    let AdminContext { db, state: server, .. } = RequestContext::admin().await?;
    let filter = OutboxFilter { to, state: MailState::parse(&state).filter(|_| to.is_none()) };
    let mut mails = queries::list(&db, filter, before).await?;
    let more = mails.len() > PAGE;
    mails.truncate(PAGE);
    let sends = server.mailer.sends();
    let mails = mails.into_iter().map(|mail| mail.for_admins(sends)).collect();
    let troubled = queries::count_troubled(&db).await?;
    Ok(Outbox { filter, mails, newest: before.is_none(), more, sends, troubled })
}

/// One mail.
#[server(output = Json)]
pub async fn get_mail(mail: i64) -> Result<MailPage> {
    let AdminContext { db, state, .. } = RequestContext::admin().await?;
    let mail = queries::find(&db, mail).await?.ok_or(Error::NotFound)?;
    let sends = state.mailer.sends();
    Ok(MailPage { mail: mail.for_admins(sends), sends })
}
