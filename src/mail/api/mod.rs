//! What the browser may ask about mail. For admins.

use leptos::prelude::*;

use super::{MailPage, Outbox};
use crate::{error::Result, users::UserId, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{MailState, OutboxFilter, queries},
    crate::{
        error::Error,
        server::call::{AdminCall, Call},
    },
};

/// A page of the outbox: all mails, those of one person, or those in one state.
#[server(output = Json)]
pub async fn get_outbox(to: Option<UserId>, state: String, before: Option<i64>) -> Result<Outbox> {
    const PAGE: usize = 50;
    let AdminCall { db, state: server, .. } = Call::admin().await?;
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
    let AdminCall { db, state, .. } = Call::admin().await?;
    let mail = queries::find(&db, mail).await?.ok_or(Error::NotFound)?;
    let sends = state.mailer.sends();
    Ok(MailPage { mail: mail.for_admins(sends), sends })
}

#[cfg(test)]
mod tests;
